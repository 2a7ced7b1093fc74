/** Starts the stack of a cell under the emulator that records paths (setup/build/qemu/recording). */
import { CheckError } from '../../lib/errors.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import type { RunningStack } from '../../stack/running.ts';
import type { StartOptions } from '../testbed.ts';
import { type EmulatedExperiment, materialOf } from './emulated-experiment.ts';
import { identityOf } from './snapshot/identity.ts';
import { restore } from './snapshot/restore-snapshot.ts';
import { findSnapshot, type Snapshot, touchSnapshot } from './snapshot/snapshot-store.ts';
import type { StackPlan } from './stack-plan.ts';
import { startEmulated } from './start-emulated.ts';

export interface Recording {
  /** The emulator that records. */
  readonly program: string;
  /** Where it writes. */
  readonly file: string;
}

/**
 * Restores the snapshot that measurements restore, so that what is recorded is what they measure. If there is none, the
 * stack is first booted and saved, by the emulator of measurements.
 * @throws NESTBENCH_CHECK_FAILED if no snapshot can be made, and what `restore` throws.
 */
export async function startRecording(
  plan: StackPlan,
  experiment: EmulatedExperiment,
  recording: Recording,
  options: Omit<StartOptions, 'boot' | 'benchmarks'>,
): Promise<RunningStack> {
  const snapshot = (await find(plan, experiment, options)) ?? (await make(plan, experiment, options));
  const { runtime } = materialOf(experiment).paths;
  options.onStep('restoring the stack under the emulator that records');
  const { running } = await restore(recorded(plan, recording), snapshot, { ...options, runtime });
  touchSnapshot(snapshot);
  return running;
}

function find(
  plan: StackPlan,
  experiment: EmulatedExperiment,
  { say }: Pick<StartOptions, 'say'>,
): Promise<Snapshot | undefined> {
  const { paths, ingredients } = materialOf(experiment);
  return findSnapshot(plan.cell.name, identityOf(plan, paths.runtime, ingredients), say);
}

async function make(
  plan: StackPlan,
  experiment: EmulatedExperiment,
  options: Omit<StartOptions, 'boot' | 'benchmarks'>,
): Promise<Snapshot> {
  const { running, saveForLater } = await startEmulated(plan, experiment, {
    ...options,
    boot: 'warm',
    benchmarks: [],
  });
  await (saveForLater?.() ?? running[Symbol.asyncDispose]());
  const made = await find(plan, experiment, options);
  if (made !== undefined) return made;
  throw new CheckError({
    message: `The stack of ${plan.cell.name} came up, but could not be saved, and only a saved stack can be recorded. Start again.`,
    machine: plan.levels[0].name,
  });
}

/** The plan with the other emulator as the server. */
function recorded(plan: StackPlan, { program, file }: Recording): StackPlan {
  const [server, ...guests] = plan.levels;
  const { accelerator } = server.qemu;
  const recording: MachinePlan = {
    ...server,
    qemu: {
      ...server.qemu,
      program,
      accelerator: { ...accelerator, properties: { ...accelerator.properties, record: file } },
    },
  };
  return { ...plan, levels: [recording, ...guests] };
}
