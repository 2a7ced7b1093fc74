/** Starts the stack of a cell on the emulated testbed. */
import { BENCHMARKS, microbenchmarks } from '../../../fixtures/benchmarks/index.ts';
import { endOwned } from '../../machine/qemu/qemu-process.ts';
import type { Started, StartOptions } from '../testbed.ts';
import { type EmulatedExperiment, materialOf } from './emulated-experiment.ts';
import { identityOf } from './snapshot/identity.ts';
import { startStack } from './snapshot/start-stack.ts';
import type { StackPlan } from './stack-plan.ts';

/** @throws what `boot` throws. */
export async function startEmulated(
  plan: StackPlan,
  experiment: EmulatedExperiment,
  options: StartOptions,
): Promise<Started> {
  const { snapshotBytes, prefetched } = experiment;
  const { paths, kernelRelease, ingredients } = materialOf(experiment);
  const { runtime } = paths;
  // A worker of this lane that was killed leaves its machines, and the run goes on.
  if (plan.hostCpus !== undefined) await endOwned(runtime);
  const all = plan.kind === 'micro' ? microbenchmarks(plan.clock) : BENCHMARKS;
  return startStack(plan, {
    ...options,
    runtime,
    kernelRelease,
    identity: identityOf(plan, runtime, ingredients),
    limitBytes: snapshotBytes,
    prefetched,
    savedWith: all,
  });
}
