/**
 * Everything before the first boot on the emulated testbed: takes it, checks the host, builds, and starts what the
 * first cell restores.
 */
import path from 'node:path';
import type { Accelerator } from '../../../fixtures/accelerator.ts';
import { isMicrobenchmark } from '../../../fixtures/benchmarks/index.ts';
import type { Lane } from '../../../fixtures/host-cpus.ts';
import { memoryTogether } from '../../../fixtures/lanes.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import { type ExperimentRecord, SIDE_BY_SIDE } from '../../../fixtures/records.ts';
import { describeSizing, type Sizing, sizingFor } from '../../../fixtures/sizing.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import { buildAll, type Built } from '../../build/build-all.ts';
import { cacheDirectory, holdCache } from '../../build/cache/build-cache.ts';
import type { Emulator } from '../../build/qemu/emulator.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import { checkExperiment } from '../../run/experiment-record.ts';
import type { Request, Selection } from '../../run/selection.ts';
import type { Settings } from '../../run/settings.ts';
import { cpuOption } from '../../stack/qemu-argv.ts';
import { BUILD_BYTES, checkResources, describeHost } from '../host-resources.ts';
import { describedCpus, readHostCpus } from '../host-topology.ts';
import { holdLanes, runtimeDirectory, takeHost } from '../runtime.ts';
import type { Prepared, PrepareOptions } from '../testbed.ts';
import { chooseAccelerator } from './choose-accelerator.ts';
import {
  type BootMaterial,
  clocksOf,
  type EmulatedExperiment,
  materialOf,
  planEmulated,
  whyNotDvh,
  whyNotEmulated,
} from './emulated-experiment.ts';
import { memoryBytesOf } from './emulated-lanes.ts';
import { EMULATED_CPU } from './emulated-qemu.ts';
import { describeQemu, type HostQemu } from './host-qemu.ts';
import { describeStarts, type ForeseenStack } from './snapshot/foreseen-starts.ts';
import { identityOf } from './snapshot/identity.ts';
import { prefetch, type Prefetched } from './snapshot/prefetch.ts';
import { measureTscKhz } from './tsc.ts';

export async function prepareEmulated(
  { measured, first, requests }: Selection,
  settings: Settings,
  options: PrepareOptions,
): Promise<Prepared<EmulatedExperiment>> {
  const { log, phases, lanes = [] } = options;
  const { waitMinutes, variant, snapshotBytes } = settings;
  const host = describeHost();
  const sizing = sizingFor(host);
  const { accelerator, hasSvm, kvm, reason } = await chooseAccelerator(settings);
  const cells = measured.filter((cell) => whyNotDvh(cell, { hasSvm, variant }) === undefined);
  const testbed: ExperimentRecord['testbed'] = {
    kind: 'emulated',
    accelerator,
    settings: {
      ...describeSettings(accelerator, sizing),
      ...(kvm !== undefined && { kvm }),
      ...laneSettings(lanes),
    },
  };
  checkExperiment(settings, testbed);
  phases.lap('checks');
  const clocks = clocksOf(settings.clock, accelerator);
  const experiment: EmulatedExperiment = {
    kind: 'emulated',
    clocks,
    accelerator,
    hasSvm,
    sizing,
    hostCpus: accelerator === 'kvm' ? await readHostCpus() : undefined,
    snapshotBytes,
  };
  if (cells.length === 0) return { experiment, environment: { testbed, host, versions: {} } };
  log(reason);
  const beside = lanes.length > 1 ? { lanes } : {};
  const built = await buildMaterial({ ...options, cells, sizing, variant, accelerator, waitMinutes });
  const ready = { ...experiment, material: built.material };
  const wanted = requests.filter(({ cell }) => cells.includes(cell));
  const starts = describeStarts(foreseenStacks(wanted, ready, variant), settings.boot, lanes.length);
  if (starts !== undefined) log(starts);
  // Beside others it is not known which lane it will run in.
  const canBootFirst = first !== undefined && cells.includes(first) && lanes.length < 2;
  if (lanes.length > 1) holdLanes(lanes.length, options.held);
  const prefetched = canBootFirst ? await prefetchFirst(first, ready, settings, options) : undefined;
  phases.lap('prefetch');
  return {
    experiment: { ...ready, ...beside, prefetched },
    environment: { testbed, host, versions: versionsOf(built, variant) },
  };
}

export interface MaterialOptions extends PrepareOptions {
  /** The cells that will boot. */
  readonly cells: readonly Cell[];
  readonly sizing: Sizing;
  readonly variant: Variant;
  readonly accelerator: Accelerator;
  /** How long to wait for a testbed that another run holds. */
  readonly waitMinutes: number;
}

export interface BuiltMaterial extends Built {
  /** The QEMU of the server and the client: the emulator, or the variant's. */
  readonly qemu: HostQemu;
  readonly material: BootMaterial;
}

/** Takes the testbed of this host, and builds what its machines boot from. */
export async function buildMaterial(options: MaterialOptions): Promise<BuiltMaterial> {
  const { cells, sizing, variant, accelerator, phases, held, signal, lanes = [] } = options;
  await takeHost(options);
  phases.lap('testbed');
  await checkResources({
    cacheDirectory: cacheDirectory(),
    cacheBytes: BUILD_BYTES,
    memoryBytes: memoryTogether(
      cells.map((cell) => memoryBytesOf(cell, sizing)),
      Math.max(1, lanes.length),
    ),
  });
  phases.lap('host');
  // Keeps `npm run clean` from emptying it while machines boot from it.
  held.use(await holdCache(signal));
  const built = await buildAll(signal, variant);
  // Concurrently, because each waits for programs. Under KVM, guests get the rate of the TSC from KVM.
  const [own, tscKhz] = await Promise.all([
    variant.qemu === undefined ? undefined : describeQemu(signal, variant.qemu),
    accelerator === 'tcg' ? measureTscKhz(signal) : undefined,
  ]);
  phases.lap('kernel and image');
  reportProgress({ task: 'build', text: 'The kernel, the emulator and the image are ready.', state: 'done' });
  const { kernel, image, emulator } = built;
  const qemu = own ?? describeEmulator(emulator);
  const material: BootMaterial = {
    paths: {
      kernel: kernel.vmlinux,
      image: image.file,
      emulator: emulator.program,
      tools: emulator.tools,
      runtime: runtimeDirectory(),
    },
    card: qemu.card,
    tscKhz,
    kernelRelease: kernel.release,
    ingredients: { kernel: kernel.hash, image: image.hash, qemu: qemu.identity },
  };
  return { ...built, qemu, material };
}

/** The identity of every build of it has the same first word, so that snapshots of an earlier one are dropped. */
export function describeEmulator({ version, hash }: Emulator): HostQemu {
  return { version: `${version} ${hash}`, identity: `emulator ${hash}`, card: 'igb' };
}

/** The stacks that will run: a cell's benchmarks and its microbenchmarks each have their own. */
function foreseenStacks(
  requests: readonly Request[],
  experiment: EmulatedExperiment,
  variant: Variant,
): ForeseenStack[] {
  const { paths, ingredients } = materialOf(experiment);
  return requests.flatMap(({ cell, benchmarks }) =>
    [...new Set(benchmarks.map((name) => (isMicrobenchmark(name) ? 'micro' : 'application')))]
      .filter((kind) => whyNotEmulated(cell, { experiment: { ...experiment, variant }, kind }) === undefined)
      .map((kind) => ({
        cell: cell.name,
        identity: identityOf(
          planEmulated(cell, { ...experiment, variant }, kind),
          paths.runtime,
          ingredients,
        ),
      })),
  );
}

/** Undefined if the first cell must boot, or uses another clock. Its worker makes the same plan. */
async function prefetchFirst(
  first: Cell,
  experiment: EmulatedExperiment,
  { boot, variant, resultsDirectory, folder }: Settings,
  { signal, log }: PrepareOptions,
): Promise<Prefetched | undefined> {
  if (boot !== 'warm' || experiment.clocks.application === 'virtual') return undefined;
  const plan = planEmulated(first, { ...experiment, variant }, 'application');
  const { paths, ingredients } = materialOf(experiment);
  const { runtime } = paths;
  return prefetch(plan, {
    runtime,
    logs: path.join(resultsDirectory, folder, first.name),
    identity: identityOf(plan, runtime, ingredients),
    signal,
    say: log,
  });
}

/** The settings of the emulated machine that affect its numbers, by name. */
function describeSettings(accelerator: Accelerator, sizing: Sizing): Record<string, string> {
  return {
    cpu: accelerator === 'tcg' ? cpuOption(EMULATED_CPU) : 'host',
    mitigations: accelerator === 'tcg' ? 'off' : "the kernel's default",
    sizing: describeSizing(sizing),
  };
}

/** Absent for one at a time, as in records from before there was a choice. */
function laneSettings(lanes: readonly Lane[]): Record<string, string> {
  const described = describedCpus();
  return {
    ...(lanes.length > 1 && { [SIDE_BY_SIDE]: String(lanes.length) }),
    ...(described !== undefined && { 'CPUs of the host': `described as ${described}` }),
  };
}

/** The emulator's part of the record's versions: only the toolchain if a variant's own QEMU replaces it. */
export function emulatorVersions(
  { madeOf }: Pick<Emulator, 'madeOf'>,
  { qemu }: Variant,
): Record<string, string> {
  const all = Object.entries(madeOf);
  return Object.fromEntries(all.filter(([name]) => qemu === undefined || !name.startsWith('emulator ')));
}

function versionsOf(
  { kernel, emulator, image, qemu }: BuiltMaterial,
  variant: Variant,
): Record<string, string> {
  return {
    kernel: kernel.release,
    ...kernel.madeOf,
    ...emulatorVersions(emulator, variant),
    image: image.hash,
    'qemu of the host': qemu.version,
    'network card': qemu.card,
    ...image.packages,
  };
}
