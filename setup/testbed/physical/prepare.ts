/** Before any cell of a physical testbed: checks both machines, builds, and puts the kernels on them. */
import type { Cell } from '../../../fixtures/matrix.ts';
import { physicalSizingFor, type Sizing } from '../../../fixtures/sizing.ts';
import { physicalSoftware } from '../../../fixtures/physical-software.ts';
import type { ExperimentRecord } from '../../../fixtures/records.ts';
import type { MachineName } from '../../../fixtures/addresses.ts';
import { guestKernelConfig } from '../../../fixtures/guest-kernel.ts';
import type { KernelSource, TestbedDescription } from '../../../fixtures/testbed.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import { buildAll, type Built } from '../../build/all.ts';
import { cacheDirectory, holdCache } from '../../build/cache.ts';
import { buildQemuPackage } from '../../build/qemu-package.ts';
import { buildKernelPackage } from '../../build/kernel-package.ts';
import { InputError, NestbenchError } from '../../errors.ts';
import { ensurePackages } from '../../host/packages.ts';
import { checkResources } from '../../host/resources.ts';
import { connectOpenssh } from '../../machine/openssh.ts';
import type { Machine } from '../../machine/machine.ts';
import { tell } from '../../progress.ts';
import type { ProvidedPhysical } from '../../provided.ts';
import { type Phase, Phases } from '../../stack/phases.ts';
import { BUILD_BYTES, takeHost } from '../prepare.ts';
import { checkMachine, type Finding } from './checks.ts';
import { targetOf } from './description.ts';
import { type Boot, installedRelease, readRunning } from './grub.ts';
import { holdMachine } from './hold.ts';
import { installedKernels, installKernel } from './kernel-install.ts';
import { type MachineFacts, readMachineFacts } from './machine-facts.ts';

export interface PreparePhysicalOptions {
  readonly testbed: TestbedDescription;
  readonly cells: readonly Cell[];
  readonly variant: Variant;
  readonly waitMinutes: number;
  readonly held: AsyncDisposableStack;
  readonly onTestbed: (isOurs: boolean) => void;
  /** Told how large the levels will be, before anything is built. */
  readonly onSized: (sizing: Sizing) => void;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

interface PreparedPhysical {
  readonly physical: ProvidedPhysical;
  readonly sizing: Sizing;
  readonly built: Built;
  /** The server, as the experiment's record names what it was measured on. */
  readonly host: ExperimentRecord['host'];
  readonly versions: Readonly<Record<string, string>>;
  readonly phases: readonly Phase[];
}

/** One that is just starting is waited for: its firmware alone takes minutes. */
const CONNECT_SECONDS = 300;

/**
 * @throws {InputError} NESTBENCH_BAD_TESTBED where it asks for what is not built; NESTBENCH_CHECK_FAILED with what `npm run
 * doctor` finds wrong; what building and copying throw.
 */
export async function preparePhysical(options: PreparePhysicalOptions): Promise<PreparedPhysical> {
  const { testbed, cells, variant, held, signal } = options;
  assertBuilt(testbed, variant);
  const phases = new Phases();
  await takeHost(options);
  phases.lap('testbed');
  const [client, server] = await Promise.all([
    examine('client', testbed, signal),
    examine('server', testbed, signal),
  ]);
  tellMachines('both machines were looked at', 'done');
  assertUsable([...client.findings, ...server.findings]);
  const { cpuModel = 'unknown', release: running = '', memoryBytes = '0', cpus = '1' } = server.facts;
  const host = { cpuModel, cpus: Number(cpus), memoryBytes: Number(memoryBytes), kernel: running };
  const sizing = physicalSizingFor(host);
  options.onSized(sizing);
  phases.lap('machines');
  await checkResources({ cacheDirectory: cacheDirectory(), cacheBytes: BUILD_BYTES, memoryBytes: 0 });
  // QEMU is built of what the emulator of virtual time is built of.
  await ensurePackages(
    signal,
    cells.some((cell) => hasOwnQemu(testbed, cell)),
  );
  held.use(await holdCache(signal));
  const built = await buildAll(signal, variant);
  phases.lap('kernel and image');
  const [cell] = cells;
  // One after the other, as they may share what is built.
  const boots = {
    client: await kernelFor('client', cell, options),
    server: await kernelFor('server', cell, options),
  };
  const kernels = await guestKernels(options);
  phases.lap('kernels');
  const qemus = await ownQemus(options);
  phases.lap('QEMUs');
  const { image, kernel } = built;
  return {
    physical: {
      testbed,
      boots,
      kernels,
      qemus,
      clientCpus: Number(client.facts['onlineCpus'] ?? 1),
      image: { file: image.file, hash: image.hash },
    },
    sizing,
    built,
    host,
    versions: {
      kernel: kernel.release,
      ...Object.fromEntries(
        Object.entries(kernels).map(([name, { release, hash }]) => [
          `kernel of ${name}`,
          `${release} (${hash})`,
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(qemus).map(([name, { version, hash }]) => [`qemu of ${name}`, `${version} (${hash})`]),
      ),
      'kernel of the server': kernelName(boots.server),
      'kernel of the client': kernelName(boots.client),
      image: image.hash,
      ...image.packages,
    },
    phases: phases.list,
  };
}

/**
 * What the testbed file can say, and no run can do yet: better told than measured as something else.
 * @throws {InputError} NESTBENCH_BAD_TESTBED, NESTBENCH_UNKNOWN_VARIANT.
 */
export function assertBuilt(testbed: TestbedDescription, variant: Variant): void {
  if (testbed.software === 'paper') {
    throw refused(
      '"software: paper", which is planned (npm run plan) and not measured with yet: Linux 4.18 does not know the image\'s file system, and QEMU 3.1 not the machine that guests have. Use "installed", or describe kernels of your own',
    );
  }
  if (variant.qemu !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `VARIANT "${variant.name}" has a QEMU of its own, which emulates the server of the emulated testbed; TESTBED names physical machines.`,
    );
  }
}

function refused(what: string): InputError {
  return new InputError('NESTBENCH_BAD_TESTBED', `The testbed file asks for ${what}.`);
}

function tellMachines(text: string, state: 'running' | 'done' = 'running'): void {
  tell({ task: 'machines', text, state });
}

async function examine(
  name: 'client' | 'server',
  testbed: TestbedDescription,
  signal: AbortSignal,
): Promise<{ facts: MachineFacts; findings: Finding[] }> {
  const target = targetOf(testbed, name);
  tellMachines(`looking at the ${name}`);
  await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: CONNECT_SECONDS });
  const facts = await readMachineFacts(machine, testbed[name], signal);
  return { facts, findings: checkMachine(name, facts, testbed) };
}

function assertUsable(findings: readonly Finding[]): void {
  const wrong = findings.filter(({ verdict }) => verdict === 'wrong');
  if (wrong.length === 0) return;
  const lines = wrong.map(
    ({ machine, check, found, mend }) => `${machine}, ${check}: found ${found}. ${mend}`,
  );
  throw new NestbenchError(
    'NESTBENCH_CHECK_FAILED',
    'configuration',
    `The testbed can't be measured on. "npm run doctor" tells all that was looked at. To mend:\n${lines.join('\n')}`,
  );
}

function kernelName({ release, build }: Pick<Boot, 'release' | 'build'>): string {
  return build === undefined ? release : `${release} (${build})`;
}

/** @returns the kernel that the machine is to run, which it has by now. */
async function kernelFor(
  name: 'client' | 'server',
  cell: Cell | undefined,
  { testbed, signal, log }: PreparePhysicalOptions,
): Promise<Pick<Boot, 'release' | 'build'>> {
  const { directory } = testbed[name];
  const target = targetOf(testbed, name);
  const wanted = cell && sourceFor(name, cell, testbed);
  const built =
    wanted === undefined || wanted === 'installed'
      ? undefined
      : await buildKernelPackage(wanted, signal, log, testbed.builder);
  await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: CONNECT_SECONDS });
  // Nobody else measures on it while its kernels change.
  await using _ = await holdMachine(name, target, signal);
  if (built === undefined) return { release: await releaseOf(machine, directory, signal) };
  await installKernel(machine, built, { target, directory, signal, onStep: tellMachines });
  tellMachines(`${name} has the kernel ${built.release}`, 'done');
  return { release: built.release, build: built.hash };
}

/** Those of the levels that have one of their own, the deepest cell's. */
async function guestKernels({
  testbed,
  cells,
  signal,
  log,
}: PreparePhysicalOptions): Promise<
  Partial<Record<'l1' | 'l2' | 'l3', { file: string; release: string; hash: string }>>
> {
  const kernels: Awaited<ReturnType<typeof guestKernels>> = {};
  const deepest = cells.toSorted((one, other) => other.level - one.level)[0];
  const { levels } = deepest === undefined ? { levels: [] } : physicalSoftware(testbed, deepest);
  for (const { name, kernel } of levels) {
    if (kernel === 'installed' || name === 'client' || name === 'l0') continue;
    const config = guestKernelConfig(kernel.config);
    const { image, release, hash } = await buildKernelPackage(
      { ...kernel, config },
      signal,
      log,
      testbed.builder,
    );
    kernels[name] = { file: image, release, hash };
  }
  return kernels;
}

function hasOwnQemu(testbed: TestbedDescription, cell: Cell): boolean {
  return physicalSoftware(testbed, cell).levels.some(({ qemu }) => qemu !== null && qemu !== 'installed');
}

/** Of the machines that run a guest in some cell and have one of their own. */
async function ownQemus({
  testbed,
  cells,
  signal,
  log,
}: PreparePhysicalOptions): Promise<
  Partial<Record<MachineName, { file: string; version: string; hash: string }>>
> {
  const qemus: Awaited<ReturnType<typeof ownQemus>> = {};
  const levels = cells.flatMap((cell) => physicalSoftware(testbed, cell).levels);
  for (const { name, qemu } of levels) {
    if (qemu === null || qemu === 'installed' || qemus[name] !== undefined) continue;
    const { program, version, hash } = await buildQemuPackage(qemu, signal, log, testbed.builder);
    qemus[name] = { file: program, version, hash };
  }
  return qemus;
}

function sourceFor(
  name: 'client' | 'server',
  cell: Cell,
  testbed: TestbedDescription,
): KernelSource | 'installed' | undefined {
  const { client, levels } = physicalSoftware(testbed, cell);
  return (name === 'client' ? client : levels[0])?.kernel;
}

/** The machine's own kernel: what it runs, unless that is one of ours. */
async function releaseOf(machine: Machine, directory: string, signal: AbortSignal): Promise<string> {
  const { release } = await readRunning(machine, signal);
  const ours = await installedKernels(machine, directory, signal);
  return ours.includes(release) ? installedRelease(machine, signal) : release;
}
