/**
 * Real QEMUs accept the options of every guest of the paper's cells: one from before 5.2, as the artifact's 3.1 is, and
 * this host's. Each QEMU gets the options that are planned for its version.
 *
 * What a test host lacks is replaced: KVM by TCG, the server's memory by a little, an assigned device by another at the
 * same place, vhost by QEMU's own backend, and files and sockets of levels by those of a temporary directory.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, type TestContext, vi } from 'vitest';
import { CELLS, configurationOf } from '../../../fixtures/matrix.ts';
import { allSoftware, isBuilt, sourceKey } from '../../../fixtures/physical-software.ts';
import { CPU_SCALES } from '../../../fixtures/sizing.ts';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { waitUntil } from '../../lib/wait.ts';
import { hostMachine } from '../../machine/host.ts';
import { connectQmp } from '../../machine/qemu/qmp.ts';
import { spawnQemu } from '../../machine/qemu/qemu-process.ts';
import { qemuOptions } from '../../stack/qemu-argv.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import { NO_ARCHIVE, oldQemu } from './old-qemu.testing.ts';
import { planPhysical } from './physical-plan.ts';
import { parseTestbed } from './testbed-file.ts';

vi.setConfig({ testTimeout: 300_000 });

const never = new AbortController().signal;
const host = hostMachine();
const PAPER_CELLS = CELLS.filter((cell) => configurationOf(cell).inPaper);
const testbed = parseTestbed(
  'client: { ssh: c, interface: e }\nserver: { ssh: s, interface: e }\nsoftware: paper\nstorage: disk\n',
  'testbed.yaml',
);

/** Guests of all the paper's cells, as a QEMU of this version is to start them; the same options only once. */
function guestsFor(version: string): { readonly name: string; readonly guest: MachinePlan }[] {
  const sources = allSoftware(testbed, PAPER_CELLS);
  const built = { file: '', hash: '', release: '4.18.0', version };
  // That is the DVH QEMU's alone.
  const dvh = { postedInterrupts: true, option: false };
  const all = PAPER_CELLS.flatMap((cell) =>
    planPhysical(cell, {
      testbed,
      storage: 'disk',
      sizing: { cpus: CPU_SCALES[0], memoryMiB: 12_288 },
      installed: { client: '', server: '' },
      kernels: Object.fromEntries(
        sources.flatMap(({ kernel }) => (isBuilt(kernel) ? [[sourceKey(kernel), built]] : [])),
      ),
      qemus: Object.fromEntries(
        sources.flatMap(({ qemu }) => (isBuilt(qemu) ? [[sourceKey(qemu), { ...built, dvh }]] : [])),
      ),
      card: { firstFunction: '0000:01:10.0', guestDriver: 'ixgbevf' },
      clientCpus: 4,
    }).guests.map((guest) => ({ name: `${guest.name} of ${cell.name}`, guest })),
  );
  return [...Map.groupBy(all, ({ guest }) => JSON.stringify(qemuOptions(guest))).values()].flatMap(
    ([first]) => first ?? [],
  );
}

/** Of its own vIOMMU, what only the artifact's QEMU has; any other has no such property. */
const ONLY_ARTIFACT = ',intpost=on';

/** The options as planned, but for what this host lacks. */
function onThisHost(guest: MachinePlan, directory: string): string[] {
  const inDirectory = (name: string, bytes: Buffer): string => {
    const file = path.join(directory, name);
    writeFileSync(file, bytes);
    return file;
  };
  const replaced: Readonly<Record<string, (value: string) => string[]>> = {
    '-accel': () => ['-accel', 'tcg'],
    '-cpu': (value) => ['-cpu', value.replace(/^host/, 'max')],
    '-m': () => ['-m', '256M'],
    '-bios': () => ['-bios', inDirectory('firmware', Buffer.alloc(65_536))],
    '-kernel': () => ['-kernel', inDirectory('kernel', bzImage())],
    // A file can be written to by one drive only.
    '-drive': (value) => {
      const disk = inDirectory(/id=(\w+)/.exec(value)?.[1] ?? '', Buffer.alloc(2 ** 20));
      return ['-drive', value.replace(/file=[^,]*/, `file=${disk}`)];
    },
    '-netdev': (value) => [
      '-netdev',
      value.replace('script=/usr/sbin/nestbench-ifup', 'script=no').replaceAll(/(vhost\w*)=on/g, '$1=off'),
    ],
    '-device': (value) => [
      '-device',
      value.replace(ONLY_ARTIFACT, '').replace(/^vfio-pci,host=[^,]*/, 'virtio-net-pci'),
    ],
    '-daemonize': () => [],
  };
  return qemuOptions(guest).flatMap((words) => {
    const [option = '', value = ''] = words;
    const its = replaced[option]?.(value) ?? words;
    return its.map((word) => word.replaceAll('/run/nestbench/', `${directory}/`));
  });
}

/** The header of a bzImage, of which QEMU reads no more (Documentation/arch/x86/boot.rst). */
function bzImage(): Buffer {
  const image = Buffer.alloc(8192);
  image.writeUInt8(4, 0x1f1);
  image.writeUInt16LE(0xaa55, 0x1fe);
  image.write('HdrS', 0x202);
  image.writeUInt16LE(0x020c, 0x206);
  image.writeUInt8(1, 0x211);
  image.writeUInt32LE(0x7fffffff, 0x22c);
  image.writeUInt32LE(2047, 0x238);
  return image;
}

/** What QEMU says of its own state over QMP, once it has made the whole machine and waits before its first instruction. */
async function statusOf(program: string, guest: MachinePlan): Promise<unknown> {
  const directory = temporaryDirectory();
  const pidFile = path.join(directory, 'qemu.pid');
  // Taps are made in a network of their own.
  const qemu = await spawnQemu({
    argv: [
      'unshare',
      '--net',
      'timeout',
      '60',
      program,
      ...onThisHost(guest, directory),
      '-pidfile',
      pidFile,
    ],
    pidFile,
    logFile: path.join(directory, 'log'),
    signal: never,
  });
  try {
    const socket = path.join(directory, path.basename(guest.qemu.qmpSocket));
    const stream = await waitUntil('QMP', () => host.openSocket(socket, never).catch(() => undefined), {
      machine: 'host',
      deadlineSeconds: 60,
      intervalMs: 20,
      signal: never,
    });
    await using qmp = await connectQmp(stream, { machine: guest.name, signal: never, deadlineSeconds: 30 });
    return await qmp.execute('query-status');
  } catch {
    // What QEMU said says more than that its connection ended.
    return (await qemu.exited).stderr;
  } finally {
    await qemu.end();
  }
}

const own = 'qemu-system-x86_64';

/** Skips a test that needs a program which this network can't fetch. */
async function programFor({ skip }: TestContext, find: () => Promise<string>): Promise<string> {
  try {
    return await find();
  } catch (error) {
    if (String(error).includes(NO_ARCHIVE)) return skip(`QEMU 4.2: ${NO_ARCHIVE}`);
    throw error;
  }
}

describe.each([
  ['4.2, from before 5.2', () => oldQemu(never)],
  ["this host's (7.2 on Debian 12)", () => Promise.resolve(own)],
])('QEMU %s', (_what, find) => {
  test("starts every guest of the paper's cells, up to its first instruction", async (context) => {
    const program = await programFor(context, find);
    const version = /version (\d+\.\d+\.\d+)/.exec(
      execFileSync(program, ['--version'], { encoding: 'utf8' }),
    )?.[1];
    const guests = guestsFor(version ?? '');
    expect(guests.length).toBeGreaterThan(8);
    const started: Record<string, unknown> = {};
    for (const { name, guest } of guests) started[name] = await statusOf(program, guest);
    for (const status of Object.values(started))
      expect.soft(status).toMatchObject({ status: 'prelaunch', running: false });
  });

  test('assigns a device by its address', async (context) => {
    const help = execFileSync(await programFor(context, find), ['-device', 'vfio-pci,help'], {
      encoding: 'utf8',
    });
    expect(help).toMatch(/^ +host=/m);
  });
});
