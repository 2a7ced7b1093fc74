/** The emulator saves a machine's memory to a file with a place for each page, and another one runs from that file. */
import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { STOCK_VARIANT } from '../../../../fixtures/variant.ts';
import { buildAll } from '../../../build/build-all.ts';
import { temporaryDirectory } from '../../../lib/temporary.testing.ts';
import { waitUntil } from '../../../lib/wait.ts';
import { hostMachine } from '../../../machine/host.ts';
import { spawnQemu } from '../../../machine/qemu/qemu-process.ts';
import { connectQmp, type Qmp } from '../../../machine/qemu/qmp.ts';
import { openSocketOnceThere } from '../../../machine/socket.ts';
import type { SavedAs } from '../stack-plan.ts';
import { incoming, loaded, migrateTo } from './migrate.ts';
import { describeFile, storedBytes } from './saved-files.ts';

/** A first build of everything takes several times as long as the emulator's four CPU minutes. */
const BUILD_MS = 1_800_000;
const MIB = 2 ** 20;
const MEMORY_MIB = 128;
const PAGE = 4096;
/** Where the firmware puts the kernel (LOAD_PHYSICAL_ADDR, x86's boot protocol). */
const KERNEL_PLACE = 16 * MIB;
const { signal } = new AbortController();
const limits = { signal, deadlineSeconds: 60 };

let program: string;
let kernel: string;
let saved: SavedAs;

beforeAll(async () => {
  const built = await buildAll(signal, STOCK_VARIANT);
  ({ program } = built.emulator);
  kernel = built.kernel.vmlinux;
  saved = { form: 'pages', tools: built.emulator.tools };
}, BUILD_MS);

/** The QEMU of a stopped machine, which loads the state in `from` if there is one. */
function argvOf(directory: string, from?: string): string[] {
  const at = (name: string): string => path.join(directory, name);
  const limited = ['timeout', '--foreground', '120', program];
  const machine = ['-M', 'q35,accel=tcg', '-m', String(MEMORY_MIB), '-S', '-nodefaults', '-display', 'none'];
  const control = ['-qmp', `unix:${at('qmp')},server=on,wait=off`, '-pidfile', at('l0.pid')];
  const loading = from === undefined ? [] : ['-global', 'migration.mapped-ram=on', '-incoming', from];
  return limited.concat(machine, '-bios', 'qboot.rom', '-kernel', kernel, control, loading);
}

async function withMachine(
  from: string | undefined,
  work: (given: { qmp: Qmp; log: string; pid: number }) => Promise<void>,
): Promise<void> {
  const directory = temporaryDirectory();
  const [log, pidFile] = [path.join(directory, 'log'), path.join(directory, 'l0.pid')];
  await using _ = await spawnQemu({ argv: argvOf(directory, from), pidFile, logFile: log, signal });
  const stream = await openSocketOnceThere(hostMachine(), path.join(directory, 'qmp'), 'QMP', limits);
  await using qmp = await connectQmp(stream, { ...limits, machine: 'l0' });
  await work({ qmp, log, pid: Number(readFileSync(pidFile, 'utf8')) });
}

/** What the guest has there. */
async function memory(qmp: Qmp, place: number, bytes: number): Promise<Buffer> {
  const file = path.join(temporaryDirectory(), 'memory');
  await qmp.execute('human-monitor-command', { 'command-line': `pmemsave ${place} ${bytes} "${file}"` });
  return readFileSync(file);
}

/** Saves a machine whose kernel has begun; returns its memory. */
async function save(file: string): Promise<Buffer> {
  let all: Buffer = Buffer.alloc(0);
  await withMachine(undefined, async ({ qmp, log }) => {
    await qmp.execute('cont');
    const began = async (): Promise<true | undefined> =>
      (await memory(qmp, KERNEL_PLACE, PAGE)).some((byte) => byte !== 0) || undefined;
    await waitUntil('a kernel in its memory', began, { ...limits, machine: 'l0', intervalMs: 50 });
    await qmp.execute('stop');
    all = await memory(qmp, 0, MEMORY_MIB * MIB);
    await migrateTo(file, 'l0', { saved, qmp, log, signal });
  });
  return all;
}

/** The bytes of the pages that are not all zeros. */
function filled(all: Buffer): number {
  const zeros = Buffer.alloc(PAGE);
  let bytes = 0;
  for (let at = 0; at < all.length; at += PAGE) if (!all.subarray(at, at + PAGE).equals(zeros)) bytes += PAGE;
  return bytes;
}

describe('a state with a place for each page', () => {
  test('takes no more of the disk than the pages that have something, and is loaded as it was saved', async () => {
    const file = path.join(temporaryDirectory(), 'server.state');
    const all = await save(file);
    const { bytes: size, checksum } = await describeFile(file, saved.tools, signal);
    expect(size).toBeGreaterThan(MEMORY_MIB * MIB);
    expect(storedBytes(file)).toBeLessThan(filled(all) + 4 * MIB);
    await withMachine(incoming(saved, file), async ({ qmp, pid }) => {
      await loaded('l0', qmp, signal);
      const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
      const mapped = maps.filter((line) => line.endsWith(file));
      expect(mapped.map((line) => line.split(' ')[1])).toContain('rw-p');
      expect(all.equals(await memory(qmp, 0, all.length))).toBe(true);
    });
    expect((await describeFile(file, saved.tools, signal)).checksum).toBe(checksum);
  });

  test('is not loaded if it was cut short', async () => {
    const file = path.join(temporaryDirectory(), 'server.state');
    await save(file);
    truncateSync(file, 20 * MIB);
    const [command = '', ...words] = argvOf(temporaryDirectory(), incoming(saved, file));
    const { exitCode, stderr } = await execa(command, words, { reject: false });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('load of migration failed');
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
