/** The emulator saves a machine's memory to a file with a place for each page, and another one runs from that file. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildEmulator, type Emulator } from '../../../build/qemu/emulator.ts';
import { temporaryDirectory } from '../../../lib/temporary.testing.ts';
import { hostMachine } from '../../../machine/host.ts';
import { spawnQemu } from '../../../machine/qemu/qemu-process.ts';
import { connectQmp, type Qmp } from '../../../machine/qemu/qmp.ts';
import { openSocketOnceThere } from '../../../machine/socket.ts';
import type { SavedAs } from '../stack-plan.ts';
import { incoming, loaded, migrateTo } from './migrate.ts';
import { describeFile, storedBytes } from './saved-files.ts';

/** A build from scratch takes about four CPU minutes, and the toolchain before it one or two. */
const BUILD_MS = 1_200_000;
const MIB = 2 ** 20;
const MEMORY_MIB = 64;
/** Where the data is in the guest's memory: it begins and ends inside of what is mapped as one. */
const [PLACE, BYTES] = [17 * MIB + 4096, 5 * MIB];
const { signal } = new AbortController();

let emulator: Emulator;
let saved: SavedAs;

beforeAll(async () => {
  emulator = await buildEmulator(signal);
  saved = { form: 'pages', tools: emulator.tools };
}, BUILD_MS);

/** A stopped machine; with `data` in its memory, or with a state that it loads. */
async function withMachine(
  { data, from }: { readonly data?: string; readonly from?: string },
  work: (given: { qmp: Qmp; log: string; pid: number }) => Promise<void>,
): Promise<void> {
  const directory = temporaryDirectory();
  const at = (name: string): string => path.join(directory, name);
  const program = ['timeout', '--foreground', '120', emulator.program];
  const machine = ['-M', 'q35,accel=tcg', '-m', String(MEMORY_MIB), '-S', '-nodefaults', '-display', 'none'];
  const control = ['-qmp', `unix:${at('qmp')},server=on,wait=off`, '-pidfile', at('pid')];
  const filled = data === undefined ? [] : ['-device', `loader,file=${data},addr=${PLACE},force-raw=on`];
  const loading = from === undefined ? [] : ['-global', 'migration.mapped-ram=on', '-incoming', from];
  const argv = [...program, ...machine, ...control, ...filled, ...loading];
  await using _ = await spawnQemu({ argv, pidFile: at('pid'), logFile: at('log'), signal });
  const limits = { signal, deadlineSeconds: 60 };
  const stream = await openSocketOnceThere(hostMachine(), at('qmp'), 'QMP', limits);
  await using qmp = await connectQmp(stream, { ...limits, machine: 'l0' });
  await work({ qmp, log: at('log'), pid: Number(readFileSync(at('pid'), 'utf8')) });
}

/** What the guest has there. */
async function memory(qmp: Qmp, place: number, bytes: number): Promise<Buffer> {
  const file = path.join(temporaryDirectory(), 'memory');
  await qmp.execute('human-monitor-command', { 'command-line': `pmemsave ${place} ${bytes} "${file}"` });
  return readFileSync(file);
}

/** A file with random bytes, and the saved state of a machine that has them in its memory. */
async function save(file: string): Promise<Buffer> {
  const bytes = randomBytes(BYTES);
  const data = path.join(temporaryDirectory(), 'data');
  writeFileSync(data, bytes);
  await withMachine({ data }, ({ qmp, log }) => migrateTo(file, 'l0', { saved, qmp, log, signal }));
  return bytes;
}

describe('a state with a place for each page', () => {
  test('takes no more of the disk than the pages that have something, and is loaded as it was saved', async () => {
    const file = path.join(temporaryDirectory(), 'server.state');
    const bytes = await save(file);
    const { bytes: size, checksum } = await describeFile(file, saved.tools, signal);
    expect(size).toBeGreaterThan(MEMORY_MIB * MIB);
    expect(storedBytes(file)).toBeLessThan(BYTES + 4 * MIB);
    await withMachine({ from: incoming(saved, file) }, async ({ qmp, pid }) => {
      await loaded('l0', qmp, signal);
      const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
      const mapped = maps.filter((line) => line.endsWith(file));
      expect(mapped.map((line) => line.split(' ')[1])).toContain('rw-p');
      expect(await memory(qmp, PLACE, BYTES)).toEqual(bytes);
      expect(await memory(qmp, PLACE + BYTES, MIB)).toEqual(Buffer.alloc(MIB));
    });
    expect((await describeFile(file, saved.tools, signal)).checksum).toBe(checksum);
  });

  test('is not loaded if it was cut short', async () => {
    const file = path.join(temporaryDirectory(), 'server.state');
    await save(file);
    truncateSync(file, 20 * MIB);
    await withMachine({ from: incoming(saved, file) }, async ({ qmp, log }) => {
      await expect(loaded('l0', qmp, signal)).rejects.toBeInstanceOf(Error);
      expect(readFileSync(log, 'utf8')).toContain('load of migration failed');
    });
  });

  test('names the disk that is full before it is complete', async () => {
    const place = temporaryDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place]);
    onTestFinished(() => void execFileSync('umount', [place]));
    await expect(save(path.join(place, 'server.state'))).rejects.toMatchObject({
      code: 'NESTBENCH_COMMAND_FAILED',
      message: expect.stringContaining('No space left on device'),
    });
  });
});
