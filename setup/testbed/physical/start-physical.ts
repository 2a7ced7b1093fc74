/** Starts the stack of a cell on a physical testbed. Its machines can't be saved, so it boots each time. */
import { primed } from '../prime.ts';
import type { Started, StartOptions } from '../testbed.ts';
import { bootPhysical } from './boot-physical.ts';
import type { PhysicalExperiment } from './physical-experiment.ts';
import type { PhysicalPlan } from './physical-plan.ts';

/** @throws what `bootPhysical` throws. */
export async function startPhysical(
  plan: PhysicalPlan,
  { image, kernelRelease, runtime }: PhysicalExperiment,
  options: StartOptions,
): Promise<Started> {
  const { benchmarks, onStep } = options;
  const began = performance.now();
  const { stack, phases } = await primed(
    () => bootPhysical(plan, { ...options, image, kernelRelease, runtime }),
    benchmarks,
    onStep,
  );
  const seconds = (performance.now() - began) / 1000;
  return {
    running: stack,
    start: { kind: 'cold', why: 'its machines are physical', state: 'booted' },
    phases,
    seconds,
  };
}
