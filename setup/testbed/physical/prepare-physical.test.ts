import { expect, test } from 'vitest';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { assertBuilt, assertReal } from './prepare-physical.ts';

test('a variant’s kernel parameters can be measured', () => {
  expect(() => assertBuilt({ ...STOCK_VARIANT, kernelParameters: { l0: ['nosmt'] } })).not.toThrow();
});

test('a variant with its own emulator can’t be used', () => {
  expect(() => assertBuilt({ ...STOCK_VARIANT, name: 'mine', qemu: '/opt/qemu' })).toThrow(
    expect.objectContaining({ code: 'NESTBENCH_UNKNOWN_VARIANT' }),
  );
});

test('a virtual clock and an accelerator are rejected before anything is prepared', () => {
  const asked = { clock: undefined, accelerator: undefined };
  expect(() => assertReal(asked)).not.toThrow();
  expect(() => assertReal({ ...asked, clock: 'virtual' })).toThrow('CLOCK is "virtual"');
  expect(() => assertReal({ ...asked, accelerator: 'tcg' })).toThrow('ACCELERATOR is "tcg"');
});
