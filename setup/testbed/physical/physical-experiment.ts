/** An experiment on a physical testbed, as passed to its workers. */
import type { TestbedExperiment } from '../testbed.ts';
import type { PhysicalHost } from './physical-plan.ts';
import type { DeployedImage } from './set-up.ts';

export interface PhysicalExperiment extends TestbedExperiment, Omit<PhysicalHost, 'variant' | 'kind'> {
  readonly kind: 'physical';
  /** What guests boot from, and what runs on the two machines. */
  readonly image: DeployedImage;
  /** Of the guests that have no kernel of their own. */
  readonly kernelRelease: string;
  /** Keys of the running stack, on this host. */
  readonly runtime: string;
}
