/** How a cell's stack comes to run on a physical testbed: of such machines no snapshot can be made. */
import type { Benchmark } from '../../../fixtures/benchmarks/benchmark.ts';
import { primed, type Started } from '../emulated/snapshot/start-stack.ts';
import { bootPhysical, type BootPhysicalOptions } from './boot-physical.ts';
import type { PhysicalPlan } from './physical-plan.ts';

/** @throws what `bootPhysical` throws. */
export async function startPhysical(
  plan: PhysicalPlan,
  options: BootPhysicalOptions & { readonly primedWith: readonly Benchmark[] },
): Promise<Started> {
  const began = performance.now();
  const { stack, phases } = await primed(() => bootPhysical(plan, options), options);
  const seconds = (performance.now() - began) / 1000;
  return {
    running: stack,
    start: { kind: 'cold', why: 'its machines are physical', state: 'booted' },
    phases,
    seconds,
  };
}
