/**
 * The physical testbed's machines, end to end: a machine that boots its own disk gets a kernel that was built from git,
 * another command line, and a real reboot through GRUB; and everything is put back.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildKernelPackage, type KernelPackage } from '../../build/kernel-package.ts';
import { execa } from 'execa';
import { connectOpenssh } from '../../machine/openssh.ts';
import type { SshMachine } from '../../machine/ssh.ts';
import { temporaryDirectory } from '../../temporary.testing.ts';
import { REPOSITORY } from '../../end-to-end/run.testing.ts';
import { bootDiskMachine, type DiskMachine, whyNoDiskMachines } from './disk-machine.testing.ts';
import { CUSTOM_CFG, readRunning, type Running } from './grub.ts';
import { installKernel } from './kernel-install.ts';
import { kernelRepository } from './kernel-repository.testing.ts';
import { ensureBoot } from './reboot.ts';

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 60 };
/** Of the machine, for what the testbed file leaves out. */
const DIRECTORY = '/var/lib/nestbench';
/** From the command to SSH, on a machine that is emulated beside a busy host. */
const REBOOT_SECONDS = 400;

const whyNot = await whyNoDiskMachines();
const cleanup = new AsyncDisposableStack();
let disk: DiskMachine;
let kernel: KernelPackage;
let before: Running;

beforeAll(async () => {
  if (whyNot !== undefined) return;
  kernel = await buildKernelPackage(await kernelRepository(never), never, console.log);
  disk = await bootDiskMachine({ name: 'server', signal: never });
  cleanup.use(disk);
  await using machine = await connect();
  before = await readRunning(machine, never);
});
afterAll(() => cleanup.disposeAsync());

function connect(): Promise<SshMachine> {
  return connectOpenssh({ ...disk.target, signal: never, deadlineSeconds: 120 });
}

/** A script of ours, as a person runs it, against a testbed whose two machines are this one. */
async function script(
  name: string,
  ...words: string[]
): Promise<{ exitCode: number | undefined; output: string }> {
  const file = path.join(temporaryDirectory(), 'testbed.yaml');
  const machine = `{ ssh: server, interface: ${disk.interface} }`;
  writeFileSync(file, `client: ${machine}\nserver: ${machine}\nsshConfiguration: ${disk.configuration}\n`);
  const { exitCode, all } = await execa(
    'node_modules/.bin/node',
    [`scripts/${name}.ts`, ...words, '--testbed', file],
    { cwd: REPOSITORY, all: true, reject: false },
  );
  return { exitCode, output: all };
}

test.skipIf(whyNot !== undefined)(
  'the doctor tells what the machine has and has not, and changes nothing',
  async () => {
    const { exitCode, output } = await script('doctor');
    expect(output).toMatch(/^server {2}virtualization +right +svm, \/dev\/kvm$/m);
    expect(output).toMatch(/^server {2}boot loader +right +GRUB, update-initramfs, /m);
    expect(output).toMatch(/^server {2}SR-IOV +some cells +0 of 2$/m);
    expect(output).toMatch(/^client {2}private network +WRONG/m);
    expect(exitCode).toBe(1);
    await using machine = await connect();
    expect(await readRunning(machine, never)).toEqual(before);
    expect((await machine.run(['ls', DIRECTORY], generous)).exitCode).not.toBe(0);
  },
);

test.skipIf(whyNot !== undefined)('tune makes it quiet, and puts back exactly what it found', async () => {
  await using machine = await connect();
  const swap =
    'truncate -s 16M /swap && chmod 600 /swap && fallocate -l 16M /swap && mkswap -q /swap && swapon /swap';
  await machine.check(['sh', '-c', swap], generous);
  const swaps = (): Promise<string> => machine.check(['cat', '/proc/swaps'], generous);
  expect(await swaps()).toContain('/swap');
  expect((await script('tune', 'on')).output).toContain('swap on /swap off');
  expect(await swaps()).not.toContain('/swap');
  expect((await script('tune', 'on')).output).toBe('client: nothing to do\nserver: nothing to do');
  expect((await script('tune', 'off')).output).toContain('swap on /swap on');
  expect(await swaps()).toContain('/swap');
  await machine.check(['sh', '-c', 'swapoff /swap && rm /swap'], generous);
});

test.skipIf(whyNot !== undefined)(
  'a kernel built from git is installed, and comes up with the parameters that were asked for',
  async () => {
    await using stack = new AsyncDisposableStack();
    const options = { target: disk.target, directory: DIRECTORY, signal: never };
    const machine = await connect();
    stack.use(machine);
    expect(kernel.release).toMatch(/^6\.\d+\.\d+-nested$/);
    expect(await installKernel(machine, kernel, options)).toBe(true);
    expect(await installKernel(machine, kernel, options)).toBe(false);
    const boot = { release: kernel.release, parameters: ['maxcpus=1', 'kvm_amd.nested=1'] };
    const deadlineSeconds = REBOOT_SECONDS;
    const first = await ensureBoot(machine, boot, { ...options, deadlineSeconds });
    stack.use(first.machine);
    expect(first.rebootSeconds).toBeGreaterThan(1);
    expect(first.running).toMatchObject({ release: kernel.release, cpus: 1 });
    expect(first.running.commandLine).toContain(' maxcpus=1 kvm_amd.nested=1 ');
    // It is right already.
    const again = await ensureBoot(first.machine, boot, { ...options, deadlineSeconds });
    expect(again.rebootSeconds).toBeUndefined();
    expect(again.running.bootId).toBe(first.running.bootId);
  },
);

test.skipIf(whyNot !== undefined)(
  'of a kernel that does not boot it says which one GRUB fell back to',
  async () => {
    await using stack = new AsyncDisposableStack();
    const options = { target: disk.target, directory: DIRECTORY, signal: never };
    const machine = await connect();
    stack.use(machine);
    // It finds no root file system, panics, and starts the machine anew.
    const boot = {
      release: kernel.release,
      parameters: ['root=/dev/nowhere', 'rootwait=1', 'panic_on_oops=1'],
    };
    const failing = ensureBoot(machine, boot, { ...options, deadlineSeconds: REBOOT_SECONDS });
    await expect(failing).rejects.toMatchObject({
      code: 'NESTBENCH_CHECK_FAILED',
      message: expect.stringContaining(`GRUB fell back to ${before.release}.`),
    });
  },
);

test.skipIf(whyNot !== undefined)(
  'a disk that is full is told, and nothing of the kernel is left',
  async () => {
    await using machine = await connect();
    const fill = 'fallocate -l $(($(df --output=avail --block-size=1 / | tail -n 1) - 150000000)) /filler';
    await machine.check(['sh', '-c', fill], generous);
    const other = path.join(temporaryDirectory(), 'bzImage');
    copyFileSync(kernel.image, other);
    const failing = installKernel(
      machine,
      { ...kernel, release: '6.1.0-other', image: other },
      { target: disk.target, directory: DIRECTORY, signal: never },
    );
    await expect(failing).rejects.toMatchObject({
      code: 'NESTBENCH_NO_SPACE',
      message: expect.stringMatching(/^server has .* left in \/boot, and the kernel 6\.1\.0-other needs /),
    });
    await machine.check(['rm', '/filler'], generous);
    const left = await machine.check(['sh', '-c', 'ls /boot /lib/modules'], generous);
    expect(left).not.toContain('6.1.0-other');
  },
);

test.skipIf(whyNot !== undefined)('restore takes everything away and puts everything back', async () => {
  const { output } = await script('restore');
  expect(output).toContain(`took the kernel ${kernel.release} away; took its entry out of GRUB's menu`);
  await using machine = await connect();
  const left = await machine.check(
    ['sh', '-c', `ls /boot /lib/modules; ls ${CUSTOM_CFG} ${DIRECTORY}/* || true`],
    generous,
  );
  expect(left).not.toContain('nested');
  expect(left).not.toContain('nestbench');
  expect((await script('restore')).output).toBe(
    'client: nothing of nestbench is there\nserver: nothing of nestbench is there',
  );
});
