import { expect, test } from 'vitest';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { emulatorVersions } from './prepare-emulated.ts';

test('the sources of the emulator are recorded, unless a variant has its own QEMU', () => {
  const madeOf = { toolchain: 'trixie 0a', 'emulator source': '10.0.13', 'emulator compiler': 'gcc-14' };
  expect(emulatorVersions({ madeOf }, STOCK_VARIANT)).toEqual(madeOf);
  const variant = { name: 'mine', qemu: '/opt/qemu-system-x86_64' };
  expect(emulatorVersions({ madeOf }, variant)).toEqual({ toolchain: 'trixie 0a' });
});
