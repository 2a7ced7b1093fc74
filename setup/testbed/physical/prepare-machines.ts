/** Prepares the two machines of a physical testbed before any cell: checks them, and installs their kernels. */
import { isBuilt, type MachineSoftware, sourceKey } from '../../../fixtures/physical-software.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import type { KernelPackage } from '../../build/kernel/kernel-package.ts';
import { UnsuitableError } from '../../lib/errors.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import type { Machine } from '../../machine/machine.ts';
import { connectOpenssh } from '../../machine/ssh/openssh.ts';
import type { MachineFinding } from './check.ts';
import { checkMachine, checkTwo } from './checks.ts';
import { targetOf } from './testbed-file.ts';
import { installedRelease, readRunning } from './grub.ts';
import { holdMachine } from './hold.ts';
import { installedKernels, installKernel } from './kernel-install.ts';
import { type MachineFacts, readMachineFacts } from './machine-facts.ts';
import { UP_SECONDS } from './reboot.ts';

/**
 * The facts of both machines.
 * @throws NESTBENCH_CHECK_FAILED with what `npm run doctor` finds wrong.
 */
export async function checkMachines(
  testbed: TestbedDescription,
  signal: AbortSignal,
): Promise<Record<'client' | 'server', MachineFacts>> {
  const [client, server] = await Promise.all([
    examine('client', testbed, signal),
    examine('server', testbed, signal),
  ]);
  reportMachines('checked both machines', 'done');
  assertUsable([...client.findings, checkTwo(client.facts, server.facts), ...server.findings]);
  return { client: client.facts, server: server.facts };
}

function reportMachines(text: string, state: 'running' | 'done' = 'running'): void {
  reportProgress({ task: 'machines', text, state });
}

async function examine(
  name: 'client' | 'server',
  testbed: TestbedDescription,
  signal: AbortSignal,
): Promise<{ facts: MachineFacts; findings: MachineFinding[] }> {
  const target = targetOf(testbed, name);
  reportMachines(`checking the ${name}`);
  await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: UP_SECONDS });
  const facts = await readMachineFacts(machine, testbed[name], signal);
  return { facts, findings: checkMachine(name, facts, testbed) };
}

function assertUsable(findings: readonly MachineFinding[]): void {
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong');
  if (wrong.length === 0) return;
  const lines = wrong.map(({ machine, check, found, fix }) => `${machine}, ${check}: found ${found}. ${fix}`);
  throw new UnsuitableError({
    message: `Nothing can be measured on this testbed. "npm run doctor" prints every check. To fix:\n${lines.join('\n')}`,
  });
}

/**
 * Installs on the machine every kernel that it needs for some cell.
 * @returns its own kernel: the running one, unless nestbench installed it.
 */
export async function installKernels(
  name: 'client' | 'server',
  software: readonly MachineSoftware[],
  kernels: Readonly<Record<string, KernelPackage>>,
  { testbed, signal }: { readonly testbed: TestbedDescription; readonly signal: AbortSignal },
): Promise<string> {
  const { directory } = testbed[name];
  const target = targetOf(testbed, name);
  const own = software.filter((its) => its.name === (name === 'client' ? 'client' : 'l0'));
  const wanted = new Set(own.flatMap(({ kernel }) => (isBuilt(kernel) ? [sourceKey(kernel)] : [])));
  await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: UP_SECONDS });
  // Nobody else may measure on it while its kernels change.
  await using _ = await holdMachine(name, target, signal);
  for (const key of wanted) {
    const kernel = kernels[key];
    if (kernel === undefined) continue;
    await installKernel(machine, kernel, { target, directory, signal, onStep: reportMachines });
    reportMachines(`${name} has the kernel ${kernel.release}`, 'done');
  }
  return await releaseOf(machine, directory, signal);
}

/** The machine's own kernel: the running one, unless nestbench installed it. */
async function releaseOf(machine: Machine, directory: string, signal: AbortSignal): Promise<string> {
  const { release } = await readRunning(machine, signal);
  const ours = await installedKernels(machine, directory, signal);
  return ours.includes(release) ? installedRelease(machine, signal) : release;
}
