import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { describeQemu } from '../../testbed/emulated/host-qemu.ts';
import { buildEmulator, type Emulator } from './emulator.ts';

/** A build from scratch takes about four CPU minutes, and the toolchain before it one or two. */
const BUILD_MS = 1_200_000;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await buildEmulator(new AbortController().signal);
}, BUILD_MS);

/** Without this process's environment, which could name firmware or libraries. */
async function run(program: string, words: readonly string[], input?: Uint8Array): Promise<string> {
  const { stdout } = await execa(program, words, {
    extendEnv: false,
    env: { PATH: '/usr/bin:/bin' },
    ...(input === undefined ? {} : { input }),
  });
  return stdout;
}

test('needs no loader of the host', async () => {
  expect(await run('readelf', ['--program-headers', emulator.program])).not.toContain('INTERP');
});

test('prints the recorded version', async () => {
  expect(await run(emulator.program, ['--version'])).toContain(`QEMU emulator version ${emulator.version}`);
});

test('saves the state of virtual functions', async () => {
  expect(await describeQemu(new AbortController().signal, emulator.program)).toMatchObject({ card: 'igb' });
});

test('finds its firmware in its own directory', async () => {
  const q35 = ['-M', 'q35', '-accel', 'tcg', '-nodefaults', '-display', 'none', '-S'];
  const quit = Buffer.from('quit\n');
  expect(await run(emulator.program, [...q35, '-bios', 'qboot.rom', '-monitor', 'stdio'], quit)).toContain(
    '(qemu)',
  );
});

test('has a zstd that reads what it wrote', async () => {
  const zstd = path.join(emulator.tools, 'zstd');
  const { stdout } = await execa(zstd, ['--quiet'], { input: 'state', encoding: 'buffer' });
  expect(await run(zstd, ['--decompress', '--quiet'], stdout)).toBe('state');
});
