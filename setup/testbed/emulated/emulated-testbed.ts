/** The emulated testbed: its server and its client are QEMU machines on this host. */
import type { Testbed } from '../testbed.ts';
import {
  emulatedInLane,
  type EmulatedExperiment,
  planEmulated,
  whyNotEmulated,
} from './emulated-experiment.ts';
import type { StackPlan } from './stack-plan.ts';

/** Modules that only some processes need are loaded there: a worker does not wait for those that build. */
export const testbed: Testbed<EmulatedExperiment, StackPlan> = {
  runsOnHardware: async (settings) =>
    (await (await import('./choose-accelerator.ts')).chooseAccelerator(settings)).accelerator === 'kvm',
  lanes: async (...given) => (await import('./emulated-lanes.ts')).emulatedLanes(...given),
  prepare: async (...given) => (await import('./prepare-emulated.ts')).prepareEmulated(...given),
  whyNot: whyNotEmulated,
  plan: planEmulated,
  inLane: emulatedInLane,
  start: async (...given) => (await import('./start-emulated.ts')).startEmulated(...given),
  build: async (...given) => (await import('./build-emulated.ts')).buildEmulated(...given),
  describe: async (...given) => (await import('./describe-emulated.ts')).describeEmulated(...given),
  describeRun: async (...given) => (await import('./describe-emulated.ts')).describeRun(...given),
  doctor: async () => (await import('./examine-host.ts')).examineHost(),
};
