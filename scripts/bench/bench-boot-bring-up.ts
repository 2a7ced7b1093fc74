/** How the boot bench brings a stack up: from its snapshot, cold or stock. */
import path from 'node:path';
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { tell } from '../../setup/lib/task-progress.ts';
import { identityOf, type Ingredients } from '../../setup/testbed/emulated/snapshot/identity.ts';
import { startStack } from '../../setup/testbed/emulated/snapshot/start-stack.ts';
import { boot } from '../../setup/testbed/emulated/boot.ts';
import { checkFactsButClock } from '../../setup/stack/facts.ts';
import type { Phase } from '../../setup/lib/phase-clock.ts';
import type { MachinePlan } from '../../setup/stack/machine-plan.ts';
import type { StackPlan } from '../../setup/testbed/emulated/stack-plan.ts';
import type { RunningStack } from '../../setup/stack/running.ts';
import { runtimeDirectory } from '../../setup/testbed/runtime.ts';
import type { BenchOptions } from './bench-boot-options.ts';
import type { BootSettings } from './boot-result.ts';

/** What each boot of this command has in common. */
export interface Bench {
  /** The records' file; what belongs to one boot is in a directory beside it. */
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
): Promise<{ running: RunningStack; phases: readonly Phase[] }> {
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
    primedWith: BENCHMARKS,
    say: (sentence) => process.stdout.write(`${sentence}\n`),
  });
}

/** What is restored must have been saved; that is not timed. */
export async function ensureSnapshot(plan: StackPlan, bench: Bench): Promise<void> {
  const task = `${plan.cell.name}, for its snapshot`;
  const { running } = await bringUp(
    plan,
    'warm',
    `${plan.cell.name}-first`,
    bench,
    bench.signal,
    (text, secondsLeft) => tell({ task, text, state: 'running', secondsLeft }),
  );
  await running[Symbol.asyncDispose]();
  tell({ task, text: 'ended', state: 'done' });
}

/** Ours has the deadlines of its machines, which hold one after another. */
export function deadlineOf(
  ours: StackPlan,
  settings: BootSettings,
  { stockDeadlineSeconds }: BenchOptions,
): number {
  return settings === 'stock'
    ? stockDeadlineSeconds
    : ours.levels.reduce((sum, { deadlineSeconds }) => sum + deadlineSeconds, 0);
}

/** The same plan, each of whose machines may take as long as the whole. */
export function within(plan: StackPlan, deadlineSeconds: number): StackPlan {
  const limited = (machine: MachinePlan): MachinePlan => ({ ...machine, deadlineSeconds });
  const [server, ...guests] = plan.levels;
  return {
    ...plan,
    client: limited(plan.client),
    levels: [limited(server), ...guests.map(limited)],
  };
}
