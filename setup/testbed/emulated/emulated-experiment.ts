/** An experiment on the emulated testbed, as passed to its workers, and what it determines for a cell. */
import type { BenchmarkKind } from '../../../fixtures/benchmarks/benchmark.ts';
import type { Accelerator } from '../../../fixtures/accelerator.ts';
import { type Clock } from '../../../fixtures/clock.ts';
import type { NetworkCard } from '../../../fixtures/configurations/configuration.ts';
import type { HostCpu, Lane } from '../../../fixtures/host-cpus.ts';
import { type Cell, configurationOf } from '../../../fixtures/matrix.ts';
import type { Sizing } from '../../../fixtures/sizing.ts';
import { DVH_SUITES } from '../../../fixtures/variant.ts';
import { laneDirectory } from '../runtime.ts';
import type { CommonExperiment, TestbedExperiment } from '../testbed.ts';
import type { Ingredients } from './snapshot/identity.ts';
import type { Prefetched } from './snapshot/prefetch.ts';
import { type HostPaths, planStack, type StackPlan } from './stack-plan.ts';

export interface EmulatedExperiment extends TestbedExperiment {
  readonly kind: 'emulated';
  /** What executes the server's instructions. */
  readonly accelerator: Accelerator;
  /** Whether the server's CPU has SVM. */
  readonly hasSvm: boolean;
  readonly sizing: Sizing;
  /** The host's CPUs, if its hardware runs the server. */
  readonly hostCpus?: readonly HostCpu[] | undefined;
  /** The CPUs of the lane that a worker has taken, if cells run side by side. */
  readonly lane?: Lane | undefined;
  /** What stacks boot from; absent if no selected cell can be measured. */
  readonly material?: BootMaterial;
  /** The maximum size of all snapshots together. */
  readonly snapshotBytes: number;
  /** The machines of the first cell, if they were started from their snapshot. */
  readonly prefetched?: Prefetched | undefined;
}

/** What was built and measured for booting. */
export interface BootMaterial {
  readonly paths: HostPaths;
  /** The network card whose function is assigned. */
  readonly card: NetworkCard;
  readonly tscKhz: number | undefined;
  readonly kernelRelease: string;
  /** What a snapshot depends on besides the plan. */
  readonly ingredients: Ingredients;
}

/** CLOCK for both kinds; by default, the clock that suits each. */
export function clocksOf(asked: Clock | undefined, accelerator: Accelerator): Record<BenchmarkKind, Clock> {
  return { application: asked ?? 'real', micro: asked ?? (accelerator === 'tcg' ? 'virtual' : 'real') };
}

export function whyNotEmulated(
  cell: Cell,
  on?: {
    readonly experiment: Pick<CommonExperiment, 'variant'> & EmulatedExperiment;
    readonly kind: BenchmarkKind;
  },
): string | undefined {
  if (on === undefined) return undefined;
  const { experiment, kind } = on;
  const reason = whyNotDvh(cell, experiment);
  if (reason !== undefined) return reason;
  const clock = experiment.clocks[kind];
  const isTcg = experiment.accelerator === 'tcg';
  if (clock === 'virtual' && kind === 'application')
    return 'nested page walks take no virtual time, so an application can only be measured in real time: CLOCK=real';
  if (clock === 'real' && kind === 'micro' && isTcg)
    return 'in real time the cost of an exit of an emulated server depends on the host and its load; CLOCK=virtual counts instructions';
  return undefined;
}

/** Why a cell can't have its direct virtual hardware, as far as that is known before it boots. */
export function whyNotDvh(
  cell: Cell,
  {
    hasSvm,
    variant: { name, kernel },
  }: Pick<EmulatedExperiment, 'hasSvm'> & Pick<CommonExperiment, 'variant'>,
): string | undefined {
  const { mechanisms = [] } = configurationOf(cell);
  if (mechanisms.length === 0) return undefined;
  if (!hasSvm)
    return "it needs direct virtual hardware, which is for AMD's SVM, and the server's CPU is this host's, which has Intel's VMX; ACCELERATOR=tcg emulates one with SVM";
  const suite = kernel?.suite;
  if (suite === undefined || DVH_SUITES.includes(suite)) return undefined;
  return `it needs direct virtual hardware at every level that runs guests, and the variant ${name} has the kernel of ${suite}, which is built without; measure it with a kernel of ${DVH_SUITES.join(' or ')}`;
}

export function planEmulated(
  cell: Cell,
  experiment: Pick<CommonExperiment, 'variant'> & EmulatedExperiment,
  kind: BenchmarkKind,
): StackPlan {
  const { accelerator, sizing, hostCpus, lane, variant, clocks } = experiment;
  return planStack(cell, {
    ...materialOf(experiment),
    accelerator,
    sizing,
    hostCpus,
    lane,
    variant,
    kind,
    clock: clocks[kind],
  });
}

/** Each lane has a runtime directory of its own. */
export function emulatedInLane<E extends CommonExperiment & EmulatedExperiment>(
  experiment: E,
  number: number,
): E {
  const { material, lanes = [] } = experiment;
  return {
    ...experiment,
    lane: lanes[number],
    ...(material && {
      material: {
        ...material,
        paths: { ...material.paths, runtime: laneDirectory(number, material.paths.runtime) },
      },
    }),
  };
}

/**
 * @throws RangeError if nothing was built: then no cell boots.
 */
export function materialOf({ material }: EmulatedExperiment): BootMaterial {
  if (material === undefined) throw new RangeError('nothing was built to boot from');
  return material;
}
