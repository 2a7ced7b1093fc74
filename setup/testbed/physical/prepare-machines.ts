/** Before any cell of a physical testbed: checks both machines, builds, and puts the kernels on them. */
import type { Cell } from '../../../fixtures/matrix.ts';
import { physicalSizingFor, type Sizing } from '../../../fixtures/sizing.ts';
import {
  allSoftware,
  isBuilt,
  type MachineSoftware,
  sourceKey,
  whyNotPhysical,
} from '../../../fixtures/physical-software.ts';
import type { ExperimentRecord } from '../../../fixtures/records.ts';
import { configured } from '../../../fixtures/git-kernel.ts';
import type { KernelSource, QemuSource, TestbedDescription } from '../../../fixtures/testbed.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import { buildBootFiles, type BootFiles } from '../../build/build-all.ts';
import { cacheDirectory, holdCache } from '../../build/cache/build-cache.ts';
import { buildQemuPackage } from '../../build/qemu/qemu-package.ts';
import { buildKernelPackage, type KernelPackage } from '../../build/kernel/kernel-package.ts';
import { InputError, NestbenchError } from '../../lib/errors.ts';
import { checkResources } from '../host-resources.ts';
import { connectOpenssh } from '../../machine/ssh/openssh.ts';
import type { Machine } from '../../machine/machine.ts';
import { tell } from '../../lib/task-progress.ts';
import type { ProvidedPhysical } from '../provided.ts';
import { type Phase, Phases } from '../../lib/phase-clock.ts';
import { BUILD_BYTES, takeHost } from '../emulated/build-testbed.ts';
import { cardOf } from './card.ts';
import { checkMachine, checkTwo, type Finding } from './checks.ts';
import { targetOf } from './description.ts';
import { installedRelease, readRunning } from './grub.ts';
import { holdMachine } from './hold.ts';
import { installedKernels, installKernel } from './kernel-install.ts';
import { type MachineFacts, readMachineFacts } from './machine-facts.ts';
import type { BuiltKernel, BuiltQemu } from './physical-plan.ts';

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
  readonly built: BootFiles;
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
  const { testbed, cells, variant, held, signal, log } = options;
  assertBuilt(variant);
  const phases = new Phases();
  await takeHost(options);
  phases.lap('testbed');
  const [client, server] = await Promise.all([
    examine('client', testbed, signal),
    examine('server', testbed, signal),
  ]);
  tellMachines('both machines were looked at', 'done');
  assertUsable([...client.findings, checkTwo(client.facts, server.facts), ...server.findings]);
  const { cpuModel = 'unknown', release: running = '', memoryBytes, cpus } = server.facts;
  const host = { cpuModel, cpus: Number(cpus), memoryBytes: Number(memoryBytes), kernel: running };
  const sizing = physicalSizingFor(host);
  options.onSized(sizing);
  phases.lap('machines');
  await checkResources({ cacheDirectory: cacheDirectory(), cacheBytes: BUILD_BYTES, memoryBytes: 0 });
  const card = cardOf(server.facts, testbed.server);
  const software = allSoftware(testbed, measurable(cells, { testbed, card }));
  held.use(await holdCache(signal));
  const built = await buildBootFiles(signal, variant, 'physical');
  phases.lap('kernel and image');
  const kernels = await builtEach(
    software.map(({ kernel }) => kernel),
    async (kernel) => {
      const its = await buildKernelPackage(configured(kernel), signal, log, testbed.builder);
      return { ...its, file: its.image };
    },
  );
  phases.lap('kernels');
  const qemus = await builtEach(
    software.map(({ qemu }) => qemu),
    async (qemu) => {
      const { program, version, hash } = await buildQemuPackage(qemu, signal, log, testbed.builder);
      return { file: program, version, hash };
    },
  );
  phases.lap('QEMUs');
  const installed = {
    client: await giveKernels('client', software, kernels, options),
    server: await giveKernels('server', software, kernels, options),
  };
  phases.lap('kernels on the machines');
  const { image, kernel } = built;
  return {
    physical: {
      testbed,
      card,
      installed,
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
      ...kernel.madeOf,
      // By it compare and history know that there are versions of a toolchain to look at.
      toolchain: image.toolchain,
      ...softwareVersions(software, kernels, qemus, installed),
      image: image.hash,
      ...image.packages,
    },
    phases: phases.list,
  };
}

/**
 * What a variant can say, and only the emulated testbed has: better told than measured as something else.
 * @throws {InputError} NESTBENCH_UNKNOWN_VARIANT.
 */
export function assertBuilt(variant: Variant): void {
  if (variant.qemu !== undefined) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_VARIANT',
      `VARIANT "${variant.name}" has a QEMU of its own, which emulates the server of the emulated testbed; TESTBED names physical machines.`,
    );
  }
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
  const lines = wrong.map(({ machine, check, found, fix }) => `${machine}, ${check}: found ${found}. ${fix}`);
  throw new NestbenchError(
    'NESTBENCH_CHECK_FAILED',
    'configuration',
    `The testbed can't be measured on. "npm run doctor" prints every check. To fix:\n${lines.join('\n')}`,
  );
}

/**
 * Those of the cells that can be measured there.
 * @throws {InputError} NESTBENCH_BAD_TESTBED with why, where there is none.
 */
export function measurable(cells: readonly Cell[], there: Parameters<typeof whyNotPhysical>[1]): Cell[] {
  const reasons = cells.map((cell) => ({ cell, reason: whyNotPhysical(cell, there) }));
  const measured = reasons.flatMap(({ cell, reason }) => (reason === undefined ? [cell] : []));
  if (measured.length > 0) return measured;
  const why = reasons.map(({ cell, reason }) => `${cell.name}: ${reason}`).join('; ');
  throw new InputError('NESTBENCH_BAD_TESTBED', `Nothing that was chosen can be measured there. ${why}.`);
}

/** What comes from git, each source built once; one after the other, as each build takes all CPUs. */
async function builtEach<S extends KernelSource | QemuSource, B>(
  wanted: readonly (S | 'installed' | null)[],
  build: (source: S) => Promise<B>,
): Promise<Record<string, B>> {
  const built: Record<string, B> = {};
  for (const source of wanted.filter(isBuilt)) built[sourceKey(source)] ??= await build(source);
  return built;
}

/**
 * Puts on the machine every kernel that it is to run in some cell.
 * @returns its own kernel: what it runs, unless that is one of ours.
 */
async function giveKernels(
  name: 'client' | 'server',
  software: readonly MachineSoftware[],
  kernels: Readonly<Record<string, KernelPackage>>,
  { testbed, signal }: PreparePhysicalOptions,
): Promise<string> {
  const { directory } = testbed[name];
  const target = targetOf(testbed, name);
  const own = software.filter((its) => its.name === (name === 'client' ? 'client' : 'l0'));
  const wanted = new Set(own.flatMap(({ kernel }) => (isBuilt(kernel) ? [sourceKey(kernel)] : [])));
  await using machine = await connectOpenssh({ ...target, signal, deadlineSeconds: CONNECT_SECONDS });
  // Nobody else measures on it while its kernels change.
  await using _ = await holdMachine(name, target, signal);
  for (const key of wanted) {
    const kernel = kernels[key];
    if (kernel === undefined) continue;
    await installKernel(machine, kernel, { target, directory, signal, onStep: tellMachines });
    tellMachines(`${name} has the kernel ${kernel.release}`, 'done');
  }
  return await releaseOf(machine, directory, signal);
}

/** What every machine runs, as the experiment's record names it; where cells differ in it, all of it. */
function softwareVersions(
  software: readonly MachineSoftware[],
  kernels: Readonly<Record<string, BuiltKernel>>,
  qemus: Readonly<Record<string, BuiltQemu>>,
  installed: Readonly<Record<'client' | 'server', string>>,
): Record<string, string> {
  const versions = new Map<string, Set<string>>();
  const add = (what: string, version: string | undefined): void => {
    if (version !== undefined) versions.set(what, (versions.get(what) ?? new Set()).add(version));
  };
  for (const { name, kernel, qemu } of software) {
    const end = name === 'l0' ? 'server' : name === 'client' ? 'client' : undefined;
    const what = `kernel of ${end === undefined ? name : `the ${end}`}`;
    if (isBuilt(kernel)) add(what, named(kernels[sourceKey(kernel)]));
    else if (end !== undefined) add(what, installed[end]);
    if (isBuilt(qemu)) add(`qemu of ${name}`, named(qemus[sourceKey(qemu)]));
  }
  return Object.fromEntries([...versions].map(([what, all]) => [what, [...all].join(', ')]));
}

function named(built: BuiltKernel | BuiltQemu | undefined): string | undefined {
  return built && `${'release' in built ? built.release : built.version} (${built.hash})`;
}

/** The machine's own kernel: what it runs, unless that is one of ours. */
async function releaseOf(machine: Machine, directory: string, signal: AbortSignal): Promise<string> {
  const { release } = await readRunning(machine, signal);
  const ours = await installedKernels(machine, directory, signal);
  return ours.includes(release) ? installedRelease(machine, signal) : release;
}
