/** How the boot bench brings a stack up: from its snapshot, cold or stock. */
import path from 'node:path';
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { reportProgress } from '../../setup/lib/task-progress.ts';
import { identityOf, type Ingredients } from '../../setup/testbed/emulated/snapshot/identity.ts';
import { startStack } from '../../setup/testbed/emulated/snapshot/start-stack.ts';
import { boot } from '../../setup/testbed/emulated/boot.ts';
import { checkFactsButClock } from '../../setup/stack/facts.ts';
import type { MachinePlan } from '../../setup/stack/machine-plan.ts';
import type { StackPlan } from '../../setup/testbed/emulated/stack-plan.ts';
import { runtimeDirectory } from '../../setup/testbed/runtime.ts';
import type { Started } from '../../setup/testbed/testbed.ts';
import type { BenchOptions } from './bench-boot-options.ts';
import type { BootSettings } from './boot-result.ts';

/** What all boots of this command share. */
export interface Bench {
  /** The file of records. Each boot has its own directory next to it. */
  readonly file: string;
  readonly logs: string;
  readonly kernelRelease: string;
  readonly startSeconds: number;
  readonly ingredients: Ingredients;
  readonly snapshotBytes: number;
  readonly signal: AbortSignal;
}

export async function bringUp(
  plan: StackPlan,
  settings: BootSettings,
  name: string,
  { logs, kernelRelease, ingredients, snapshotBytes }: Bench,
  signal: AbortSignal,
  onStep: (text: string, secondsLeft?: number) => void,
): Promise<Pick<Started, 'running' | 'phases' | 'saveForLater'>> {
  const runtime = runtimeDirectory();
  const options = { runtime, logs: path.join(logs, name), kernelRelease, signal, onStep };
  if (settings === 'stock') {
    const running = await boot(plan, { ...options, check: checkFactsButClock });
    return { running, phases: running.phases };
  }
  return startStack(plan, {
    ...options,
    boot: settings,
    identity: identityOf(plan, runtime, ingredients),
    limitBytes: snapshotBytes,
    benchmarks: [],
    savedWith: BENCHMARKS,
    say: (sentence) => process.stdout.write(`${sentence}\n`),
  });
}

/** A snapshot must exist before it can be restored. Saving it is not timed. */
export async function ensureSnapshot(plan: StackPlan, bench: Bench): Promise<void> {
  const task = `${plan.cell.name}, for its snapshot`;
  const { running, saveForLater } = await bringUp(
    plan,
    'warm',
    `${plan.cell.name}-first`,
    bench,
    bench.signal,
    (text, secondsLeft) => reportProgress({ task, text, state: 'running', secondsLeft }),
  );
  await (saveForLater?.() ?? running[Symbol.asyncDispose]());
  reportProgress({ task, text: 'ended', state: 'done' });
}

/** nestbench's own boots have the deadlines of their machines, one after another. */
export function deadlineOf(
  ours: StackPlan,
  settings: BootSettings,
  { stockDeadlineSeconds }: BenchOptions,
): number {
  return settings === 'stock'
    ? stockDeadlineSeconds
    : ours.levels.reduce((sum, { deadlineSeconds }) => sum + deadlineSeconds, 0);
}

/** The same plan with the whole deadline for each machine. */
export function within(plan: StackPlan, deadlineSeconds: number): StackPlan {
  const limited = (machine: MachinePlan): MachinePlan => ({ ...machine, deadlineSeconds });
  const [server, ...guests] = plan.levels;
  return {
    ...plan,
    client: limited(plan.client),
    levels: [limited(server), ...guests.map(limited)],
  };
}
