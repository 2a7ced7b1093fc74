/**
 * The physical testbed, end to end: two machines that boot their own disks and know nothing of nestbench get a kernel
 * built from git, a different command line and a real reboot through GRUB, and run the L1 cell. Faults on the way are
 * reported, and everything is restored.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { STOCK_VARIANT } from '../../../fixtures/variant.ts';
import { buildBootFiles } from '../../../setup/build/build-all.ts';
import { buildKernelPackage, type KernelPackage } from '../../../setup/build/kernel/kernel-package.ts';
import { configured } from '../../../fixtures/git-kernel.ts';
import type { KernelSource, QemuSource } from '../../../fixtures/testbed-description.ts';
import { leftovers } from '../run.testing.ts';
import { test } from '../test.testing.ts';
import { generateKeyPair } from '../../../setup/machine/ssh/ssh.ts';
import { measureTscKhz } from '../../../setup/testbed/emulated/tsc.ts';
import { temporaryDirectory } from '../../../setup/lib/temporary.testing.ts';
import { whyNoDiskMachines } from '../../../setup/testbed/physical/disk-machine.testing.ts';
import { CUSTOM_CFG, readRunning, type Running } from '../../../setup/testbed/physical/grub.ts';
import { holdMachine } from '../../../setup/testbed/physical/hold.ts';
import { installKernel } from '../../../setup/testbed/physical/kernel-install.ts';
import { qemuRepository } from '../../../setup/testbed/physical/qemu-repository.testing.ts';
import { userImage } from '../../../setup/testbed/physical/own-image.testing.ts';
import { kernelRepository } from '../../../setup/testbed/physical/kernel-repository.testing.ts';
import { ensureBoot } from '../../../setup/testbed/physical/reboot.ts';
import { bootTwoMachines, type TwoMachines } from './two-machines.testing.ts';

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 60 };
/** The default directory on the machines. */
const DIRECTORY = '/var/lib/nestbench';
/** From the command to SSH, twice: an emulated kernel was seen to stall for 251 s over the memory of its CPUs. */
const REBOOT_SECONDS = 900;
/** For a run with a reboot of the server. */
const RUN_SECONDS = 1200;
/** For the build of a QEMU, on two busy cores. */
const BUILD_SECONDS = 1200;
/** For the first run, on a machine with an empty cache: QEMU and builder were seen to take more than 1200 s. */
const FIRST_RUN_SECONDS = 1700;

const whyNot = await whyNoDiskMachines();
const cleanup = new AsyncDisposableStack();
let two: TwoMachines;
let kernel: KernelPackage;
let software: {
  readonly l0: { readonly kernel: KernelSource; readonly parameters: string[]; readonly qemu: QemuSource };
  readonly l1: { readonly kernel: KernelSource };
};
let before: Running;
let network: string;

// What every run boots from. In a hook of its own, so that no run's time goes by while a kernel is compiled.
beforeAll(async () => {
  if (whyNot === undefined) await buildBootFiles(never, STOCK_VARIANT, 'physical');
});

beforeAll(async () => {
  if (whyNot !== undefined) return;
  const source = await kernelRepository(never);
  // The same build as a run's, so that it is built once.
  kernel = await buildKernelPackage(configured(source), never, console.log);
  two = await bootTwoMachines(never);
  cleanup.use(two);
  await using server = await two.connect('server');
  before = await readRunning(server, never);
  network = await networkOf('server');
  // An emulated TSC is the host's, and its KVM would distrust it (docs/emulated-testbed.md).
  const clock = [`tsc_early_khz=${await measureTscKhz(never)}`, 'kvm.tsc_tolerance_ppm=100000'];
  software = {
    l0: { kernel: source, parameters: clock, qemu: await qemuRepository(never) },
    l1: { kernel: source },
  };
});
afterAll(() => cleanup.disposeAsync());

test.beforeEach(({ skip }) => skip(whyNot !== undefined, whyNot));

/** What a run changes of a machine's network. */
async function networkOf(name: 'client' | 'server'): Promise<string> {
  await using machine = await two.connect(name);
  // State and flags of its interface, addresses, routes; and whether there is a bridge.
  const look = 'ip -brief link show dev enp0s4; ip -o -4 address; ip route; ls -d /sys/class/net/br0';
  return (await machine.run(['sh', '-c', look], generous)).stdout;
}

/** What is left of a run on the server. */
async function leftOnServer(): Promise<string> {
  await using machine = await two.connect('server');
  const look =
    'ls -d /run/nestbench /run/nestbench-mounts; pgrep -l qemu; grep nestbench /proc/mounts; cat /proc/sys/vm/nr_hugepages';
  return (await machine.run(['sh', '-c', look], generous)).stdout;
}
const NOTHING = '0\n';

test('the doctor says what the machines have and have not, and changes nothing', async () => {
  const { exitCode, output } = await two.script(['doctor']);
  expect(output).toMatch(/^server {2}virtualization +ok +svm, \/dev\/kvm$/m);
  expect(output).toMatch(/^server {2}boot loader +ok +GRUB, update-initramfs, /m);
  expect(output).toMatch(
    /^server {2}SR-IOV +some cells +the server's card at enp0s4 \(virtio_net\) has no /m,
  );
  expect(output).toMatch(/^client {2}private network +ok +enp0s4, not up, no address$/m);
  expect(exitCode).toBe(0);
  await using machine = await two.connect('server');
  expect(await readRunning(machine, never)).toEqual(before);
  expect((await machine.run(['ls', DIRECTORY], generous)).exitCode).not.toBe(0);
});

test('tune makes a machine quiet, and restores exactly what it found', async () => {
  await using machine = await two.connect('server');
  const swap =
    'truncate -s 16M /swap && chmod 600 /swap && fallocate -l 16M /swap && mkswap -q /swap && swapon /swap';
  await machine.check(['sh', '-c', swap], generous);
  const swaps = (): Promise<string> => machine.check(['cat', '/proc/swaps'], generous);
  expect(await swaps()).toContain('/swap');
  expect((await two.script(['tune', 'on'])).output).toContain('swap on /swap off');
  expect(await swaps()).not.toContain('/swap');
  expect((await two.script(['tune', 'on'])).output).toBe('client: nothing to do\nserver: nothing to do');
  expect((await two.script(['tune', 'off'])).output).toContain('swap on /swap on');
  expect(await swaps()).toContain('/swap');
  await machine.check(['sh', '-c', 'swapoff /swap && rm /swap'], generous);
});

test('an interface that is not there, and a host key that changed, are reported before anything is changed', async ({
  start,
}) => {
  const run = (environment: Record<string, string>) =>
    start(['run', 'suites/l1', '--project', 'l1-baseline'], { experiment: 'refused', environment });
  const wrong = run({ TESTBED: two.describe({ server: { interface: 'enp0s9' } }) });
  expect((await wrong.end()).exitCode).toBe(1);
  expect(wrong.output).toContain('server, private network: found no enp0s9; there are enp0s3, enp0s4, lo.');

  const directory = temporaryDirectory();
  const [knownHosts, configuration] = [path.join(directory, 'known_hosts'), path.join(directory, 'config')];
  // Another machine's key, under this one's name.
  writeFileSync(knownHosts, `[127.0.0.1]:${two.server.port} ${generateKeyPair().publicKey}\n`);
  writeFileSync(
    configuration,
    `Host server\n  UserKnownHostsFile ${knownHosts}\nMatch all\n  Include ${two.configuration}\n`,
  );
  const changed = run({ TESTBED: two.describe({ sshConfiguration: configuration }) });
  expect((await changed.end()).exitCode).toBe(1);
  expect(changed.output).toContain('It shows another host key than known_hosts has for it');
  expect(changed.recordsOf('boot')).toEqual([]);
});

test('the L1 cell runs on a kernel and in a QEMU built from git, after a reboot with its parameters', async ({
  place,
  start,
}) => {
  expect(kernel.release).toMatch(/^6\.\d+\.\d+-nested$/);
  const TESTBED = two.describe({ software });
  const run = start(['run', 'suites/l1', '--project', 'l1-baseline'], {
    experiment: 'physical',
    environment: { TESTBED },
  });
  const { exitCode } = await run.end(FIRST_RUN_SECONDS);
  console.log(run.output);
  expect({ exitCode, failures: run.recordsOf('failure') }).toEqual({ exitCode: 0, failures: [] });
  expect(run.output).toContain(
    `l0 reboots: its kernel is ${before.release}, and ${kernel.release} is needed`,
  );

  const [experiment] = run.recordsOf('experiment');
  expect(experiment?.testbed).toMatchObject({ kind: 'physical', accelerator: 'none' });
  const [boot] = run.recordsOf('boot');
  expect(boot?.start).toEqual({ kind: 'cold', why: 'its machines are physical', state: 'booted' });
  const [l0, l1] = boot?.levels ?? [];
  expect(l0).toMatchObject({ kernelRelease: kernel.release, cpus: 2, qemu: null });
  for (const word of ['maxcpus=2', ...software.l0.parameters])
    expect(l0?.commandLine.split(' ')).toContain(word);
  expect(boot?.client).toMatchObject({ kernelRelease: before.release, qemu: null });
  expect(l1).toMatchObject({
    kernelRelease: kernel.release,
    hypervisor: 'KVM',
    clockSource: 'kvm-clock',
    qemu: { accelerator: 'kvm', version: expect.stringMatching(/^7\.2\./) },
  });
  expect(l1?.qemu?.argv[0]).toBe('/opt/nestbench/l0/qemu-system-x86_64');

  const samples = run.recordsOf('sample').map(({ benchmark }) => benchmark);
  expect(samples).toEqual(run.recordsOf('series').map(({ benchmark }) => benchmark));
  expect(samples).toHaveLength(7);
  expect(run.recordsOf('sample').every(({ l0: window }) => (window?.exits?.['exits'] ?? 0) > 0)).toBe(true);

  expect(leftovers(place)).toEqual([]);
  expect(await leftOnServer()).toBe(NOTHING);
  expect(await networkOf('server')).toBe(network);
});

test('mysql keeps its data on disks, one in the other, and its server is restarted', async ({ start }) => {
  const run = start(['run', 'suites/l2', '--project', 'l2-baseline', '-t', 'mysql'], {
    experiment: 'disk',
    environment: { TESTBED: two.describe({ software, storage: 'disk' }), PROFILE: 'quick' },
  });
  const { exitCode } = await run.end(RUN_SECONDS);
  expect({ exitCode, failures: run.recordsOf('failure') }).toEqual({ exitCode: 0, failures: [] });
  expect(run.recordsOf('experiment')[0]?.testbed.settings['storage']).toBe('disk');
  expect(run.recordsOf('series')[0]?.storage).toBe('disk');
  expect(run.recordsOf('sample')).toHaveLength(3);
  const levels = run.recordsOf('boot')[0]?.levels ?? [];
  expect(levels.map(({ dataDisk }) => dataDisk?.fileSystem)).toEqual(['ext4', 'ext4', 'ext4']);
  expect(levels.slice(1).map(({ dataDisk }) => dataDisk?.source)).toEqual(['/dev/vdc', '/dev/vdc']);
  expect(readFileSync(path.join(run.directory, 'tables.txt'), 'utf8')).toContain('data on a disk');
  expect(await leftOnServer()).toBe(NOTHING);
});

test('L1 boots a disk image of the user’s by its own init, and is measured', async ({ place, start }) => {
  const image = await userImage(never);
  const run = start(['run', 'suites/l1', '--project', 'l1-baseline', '-t', 'hackbench|netperf-rr'], {
    experiment: 'own-image',
    environment: { TESTBED: two.describe({ software, images: { l1: image } }) },
  });
  const { exitCode } = await run.end(RUN_SECONDS);
  console.log(run.output);
  expect({ exitCode, failures: run.recordsOf('failure') }).toEqual({ exitCode: 0, failures: [] });
  const [experiment] = run.recordsOf('experiment');
  expect(experiment?.testbed.settings['disk image of l1']).toMatch(
    /^disk\.raw, \d+ bytes, root on \/dev\/vda1, SHA-256 [\da-f]{64}$/,
  );
  const l1 = run.recordsOf('boot')[0]?.levels[1];
  expect(l1).toMatchObject({
    kernelRelease: kernel.release,
    diskImage: { file: image.file, sha256: expect.any(String) },
    commandLine: expect.stringContaining(' root=/dev/vda1 rw '),
  });
  expect(run.recordsOf('sample').map(({ benchmark }) => benchmark)).toEqual(['hackbench', 'netperf-rr']);
  expect(leftovers(place)).toEqual([]);
  expect(await leftOnServer()).toBe(NOTHING);
});

test('a lost SSH connection during a sample gives no sample; nobody else may have the machine meanwhile; and it is restored', async ({
  start,
}) => {
  const own =
    'ip address add 192.168.77.2/24 dev enp0s4 && ip link set enp0s4 up && ip route add 10.77.0.0/16 via 192.168.77.1';
  await using server = await two.connect('server');
  await server.check(['sh', '-c', own], generous);
  network = await networkOf('server');
  expect(network).toContain('10.77.0.0/16 via 192.168.77.1 dev enp0s4');
  const run = start(['run', 'suites/l1', '--project', 'l1-baseline', '-t', 'netperf-rr'], {
    experiment: 'lost',
    // Its samples are long enough to be interrupted.
    environment: { TESTBED: two.describe({ software }), PROFILE: 'paper' },
  });
  await run.says('booting L1', RUN_SECONDS);
  // What was right already was not rebooted.
  expect(run.output).not.toContain('reboots');
  await expect(holdMachine('server', two.server.target, never)).rejects.toMatchObject({
    code: 'NESTBENCH_TESTBED_BUSY',
    message: expect.stringContaining('is held by another run of nestbench'),
  });
  const machine = await two.connect('server');
  await run.says('netperf-rr: iteration 1 of');
  await machine.run(['pkill', '-KILL', '-x', 'sshd'], generous).catch(() => {});
  await machine[Symbol.asyncDispose]();
  expect((await run.end(RUN_SECONDS)).exitCode).toBe(1);
  const failures = run.recordsOf('failure');
  expect(failures[0]).toMatchObject({ kind: 'infrastructure', code: 'NESTBENCH_CONNECTION_LOST' });
  expect(run.recordsOf('sample')).toEqual([]);
  expect(await leftOnServer()).toBe(NOTHING);
  expect(await networkOf('server')).toBe(network);
});

test('the next run ends what a killed run left on the machines', async ({ start }) => {
  const words = ['run', 'suites/l1', '--project', 'l1-baseline', '-t', 'hackbench'];
  const environment = { TESTBED: two.describe({ software }) };
  const killed = start(words, { experiment: 'killed', environment });
  await killed.says('Ready to run experiments!', RUN_SECONDS);
  killed.killGroup('SIGKILL');
  await killed.groupEnds();
  expect(await leftOnServer()).toContain('qemu-system-x86');
  {
    await using server = await two.connect('server');
    // It has the keys of the guests.
    expect(await server.check(['stat', '-c', '%a', '/run/nestbench/seed.tar'], generous)).toBe('600\n');
  }
  const next = start(words, { experiment: 'next', environment });
  expect((await next.end(RUN_SECONDS)).exitCode).toBe(0);
  expect(next.output).toMatch(
    /Ended qemu-system-x86 \(process \d+\) on l0, left behind by a run that was killed\./,
  );
  expect(next.recordsOf('sample')).toHaveLength(1);
  expect(await leftOnServer()).toBe(NOTHING);
});

test('a QEMU older than 6.2 is built, and runs its guest in a q35', async ({ start, skip }) => {
  const qemu = await qemuRepository(never, 'bullseye').catch((error: unknown) => skip(String(error)));
  const run = start(['run', 'suites/l1', '--project', 'l1-baseline', '-t', 'netperf-rr'], {
    experiment: 'vintage',
    environment: { TESTBED: two.describe({ software: { ...software, l0: { ...software.l0, qemu } } }) },
  });
  expect((await run.end(BUILD_SECONDS + RUN_SECONDS)).exitCode).toBe(0);
  const l1 = run.recordsOf('boot')[0]?.levels[1];
  expect(l1?.qemu?.version).toBe('5.2.0');
  expect(l1?.qemu?.argv.slice(0, 4)).toEqual([
    '/opt/nestbench/l0/qemu-system-x86_64',
    '-M',
    'q35,usb=off,smbus=off,sata=off,vmport=off',
    '-no-hpet',
  ]);
  expect(l1?.kernelRelease).toBe(kernel.release);
  expect(run.recordsOf('sample')).toHaveLength(1);
  expect(await leftOnServer()).toBe(NOTHING);
});

test('DVH is enabled by its knobs and its vIOMMU, and without them nothing is measured under its name', async ({
  start,
}) => {
  const { l0, l1 } = software;
  const run = start(['run', 'suites/l2', '--project', 'l2-dvh', '-t', 'netperf-rr'], {
    experiment: 'dvh',
    environment: { TESTBED: two.describe({ software: { l0, l1: { ...l1, qemu: l0.qemu } } }) },
  });
  expect((await run.end(RUN_SECONDS)).exitCode).toBe(1);
  // The kernel has the files of a DVH kernel, and the QEMU has the property of a DVH QEMU, but not what it is for.
  expect(run.recordsOf('failure')[0]?.message).toMatch(/^l1 has a vIOMMU without posted interrupts: bit 59/);
  expect(run.recordsOf('sample')).toEqual([]);
  await using server = await two.connect('server');
  const look = 'cd /sys/kernel/debug/dvh && cat virtual_ipi virtual_timer virtual_idle fs_base';
  expect(await server.check(['sh', '-c', look], generous)).toBe('Y\nY\nN\nY\n');
  expect(await leftOnServer()).toBe(NOTHING);
});

test('a kernel that does not boot is reported with the reason, and which one GRUB fell back to', async () => {
  await using stack = new AsyncDisposableStack();
  const options = {
    target: two.server.target,
    signal: never,
    deadlineSeconds: REBOOT_SECONDS,
    // As a console server would show it, from now on.
    console: {
      argv: ['tail', '--lines=0', '--follow', two.server.consoleFile],
      file: path.join(temporaryDirectory(), 'console.log'),
    },
  };
  const machine = await two.connect('server');
  stack.use(machine);
  // It finds no root file system, and reboots the machine.
  const boot = {
    release: kernel.release,
    parameters: ['root=/dev/nowhere', 'rootwait=1', 'panic_on_oops=1'],
  };
  await expect(ensureBoot(machine, boot, options)).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    message: expect.stringMatching(
      new RegExp(
        `GRUB fell back to ${RegExp.escape(before.release)}. Its console said "Gave up waiting for root file system device"`,
      ),
    ),
    output: expect.stringMatching(/Gave up waiting for root file system device$/),
  });
});

test('a disk that is full is reported, and nothing of the kernel is left', async () => {
  await using machine = await two.connect('server');
  const fill = 'fallocate -l $(($(df --output=avail --block-size=1 / | tail -n 1) - 150000000)) /filler';
  await machine.check(['sh', '-c', fill], generous);
  const other = path.join(temporaryDirectory(), 'bzImage');
  copyFileSync(kernel.image, other);
  const failing = installKernel(
    machine,
    { ...kernel, release: '6.1.0-other', image: other },
    { target: two.server.target, directory: DIRECTORY, signal: never },
  );
  await expect(failing).rejects.toMatchObject({
    code: 'NESTBENCH_NO_SPACE',
    message: expect.stringMatching(/^server has .* left in \/boot, and the kernel 6\.1\.0-other needs /),
  });
  await machine.check(['rm', '/filler'], generous);
  const left = await machine.check(['sh', '-c', 'ls /boot /lib/modules'], generous);
  expect(left).not.toContain('6.1.0-other');
});

test('restore removes everything and restores everything', async () => {
  const { output } = await two.script(['restore']);
  expect(output).toContain('client: took the image away');
  expect(output).toContain(
    `server: took the image away; removed the kernel ${kernel.release}; removed its entry from GRUB's menu`,
  );
  await using machine = await two.connect('server');
  const left = await machine.check(
    ['sh', '-c', `ls /boot /lib/modules; ls -d ${CUSTOM_CFG} ${DIRECTORY} || true`],
    generous,
  );
  expect(left).not.toContain('nested');
  expect(left).not.toContain('nestbench');
  expect((await two.script(['restore'])).output).toBe(
    'client: nothing of nestbench is left\nserver: nothing of nestbench is left',
  );
});
