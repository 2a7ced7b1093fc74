/** Measures a built kernel in a cell with the microbenchmarks: an experiment of its own, in virtual time. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Costs } from '../../fixtures/kernel-steps.ts';
import { quantileOfSorted } from '../../fixtures/statistics/quantile.ts';
import { outcomeOf, type Results } from '../../reporters/model/experiment-results.ts';
import { loadResults } from '../../reporters/model/load.ts';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';
import { aborted } from '../../setup/lib/error-text.ts';
import { CommandError, type ErrorCode } from '../../setup/lib/errors.ts';
import { reportProgress } from '../../setup/lib/task-progress.ts';
import { measureOnce } from '../ab/ab-child.ts';
import type { Outcome } from './measure-commit.ts';

export interface Measured {
  readonly unit: string;
  readonly costs: Costs;
}

export interface MeasureOptions {
  readonly vmlinux: string;
  readonly commit: string;
  readonly cell: string;
  readonly benchmarks: readonly string[];
  /** Gets the experiment and the log. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Failures that the kernel may be the reason of. A full disk or a busy testbed says nothing about the commit. */
const OF_THE_KERNEL: ReadonlySet<string> = new Set<ErrorCode>([
  'NESTBENCH_BOOT_FAILED',
  'NESTBENCH_GUEST_PANICKED',
  'NESTBENCH_GUEST_HUNG',
  'NESTBENCH_GUEST_DIED',
  'NESTBENCH_CHECK_FAILED',
  'NESTBENCH_DEADLINE',
  'NESTBENCH_COMMAND_FAILED',
  'NESTBENCH_CONNECTION_LOST',
  'NESTBENCH_UNPARSABLE_OUTPUT',
]);

/** Where the experiment is. */
export function experimentOf(directory: string, commit: string, cell: string): string {
  return path.join(directory, 'measured', `${commit.slice(0, 12)}-${cell}`);
}

/**
 * Tries a second time after a failure, unless it is a panic: a panic comes back.
 * @throws {CommandError} if it failed for a reason that is not the kernel's.
 */
export async function measureKernel(options: MeasureOptions): Promise<Outcome<Measured>> {
  const { directory, commit, cell } = options;
  const experiment = experimentOf(directory, commit, cell);
  const log = path.join('logs', `${path.basename(experiment)}.log`);
  const whole = path.join(directory, log);
  for (let attempt = 1; ; attempt++) {
    // Those of an earlier attempt, or of a measurement that was killed.
    await rm(experiment, { recursive: true, force: true });
    await rm(whole, { force: true });
    await runStoppable(options, experiment, whole);
    const results = existsSync(path.join(experiment, JOURNAL_FILE))
      ? loadResults(experiment).results
      : undefined;
    const value = results && costsIn(results, options);
    if (value !== undefined) return { ok: true, value };
    const failure = results?.records.findLast((record) => record.type === 'failure');
    if (failure === undefined || !OF_THE_KERNEL.has(failure.code)) {
      throw notItsFault(options, failure?.message ?? `the log says why: ${whole}`);
    }
    if (attempt === 2 || failure.code === 'NESTBENCH_GUEST_PANICKED') {
      return { ok: false, reason: failure.message, log };
    }
  }
}

function notItsFault({ commit, cell }: MeasureOptions, why: string): CommandError {
  return new CommandError({
    message: `Measuring ${commit.slice(0, 12)} in ${cell} failed, and not because of the commit: ${why}\nWhat was measured is kept; continue with --continue.`,
  });
}

/** Runs Vitest; ends its machines in order when the signal is aborted. */
async function runStoppable(
  { vmlinux, commit, cell, benchmarks, directory, signal }: MeasureOptions,
  experiment: string,
  log: string,
): Promise<void> {
  const variant = path.join(directory, 'variants', `${commit.slice(0, 12)}.yaml`);
  await mkdir(path.dirname(variant), { recursive: true });
  await writeFile(variant, stringify({ description: `commit ${commit}`, kernel: { vmlinux } }));
  let send: ((name: NodeJS.Signals) => void) | undefined;
  const stop = (): void => send?.('SIGINT');
  signal.addEventListener('abort', stop);
  // A run forwards what it prints, and it prints nothing when most of its tasks end.
  let task: string | undefined;
  const end = (): void => {
    if (task !== undefined) reportProgress({ task, text: 'done', state: 'done' });
  };
  await measureOnce({
    suites: ['suites/micro'],
    projects: [cell],
    pattern: `^(${benchmarks.join('|')})$`,
    variant,
    experiment: path.basename(experiment),
    // The same for every commit, whatever the user's environment says.
    environment: {
      RESULTS: path.dirname(experiment),
      CLOCK: 'virtual',
      TESTBED: 'emulated',
      BOOT: 'cold',
      PROFILE: 'quick',
    },
    log,
    onProgress: (event) => {
      if (event.task !== task) end();
      ({ task } = event);
      reportProgress(event);
    },
    onStart: (sendTo) => {
      send = sendTo;
      if (signal.aborted) stop();
    },
  });
  end();
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw aborted(signal, `measuring ${commit}`);
}

/** The median of each benchmark's samples; undefined unless all were measured. */
function costsIn(results: Results, { cell, benchmarks }: MeasureOptions): Measured | undefined {
  const costs: Record<string, number> = {};
  let unit = '';
  for (const benchmark of benchmarks) {
    const outcome = outcomeOf(results, cell, benchmark);
    if (outcome.state !== 'measured') return undefined;
    const values = outcome.runs.flatMap(({ values: its }) => its).toSorted((one, other) => one - other);
    costs[benchmark] = quantileOfSorted(values, 0.5);
    ({ unit } = outcome);
  }
  return { unit, costs };
}
