import { expect, test } from 'vitest';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { assertBuilt } from './prepare-physical.ts';

test('a variant’s kernel parameters can be measured', () => {
  expect(() => assertBuilt({ ...STOCK_VARIANT, kernelParameters: { l0: ['nosmt'] } })).not.toThrow();
});

test('a variant with its own emulator can’t be used', () => {
  expect(() => assertBuilt({ ...STOCK_VARIANT, name: 'mine', qemu: '/opt/qemu' })).toThrow(
    expect.objectContaining({ code: 'NESTBENCH_UNKNOWN_VARIANT' }),
  );
});
