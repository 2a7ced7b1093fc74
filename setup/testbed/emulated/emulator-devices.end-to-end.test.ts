import { execa } from 'execa';
import { expect, test } from 'vitest';
import { buildEmulator } from '../../build/qemu/emulator.ts';
import { plannedDevices } from './planned-devices.testing.ts';

test('the emulator has every device of the plans', { timeout: 1_200_000 }, async () => {
  const { program } = await buildEmulator(new AbortController().signal);
  const { stdout } = await execa(program, ['-device', 'help']);
  const known = new Set([...stdout.matchAll(/^name "([^"]+)"/gm)].map(([, name]) => name));
  expect(plannedDevices().filter((device) => !known.has(device))).toEqual([]);
});
