/** `test` for the suites: Vitest's, with the cell's stack and `measure`. */
import { inject, type RunnerTask, test as base } from 'vitest';
import type { Benchmark, BenchmarkKind } from '../fixtures/benchmarks/benchmark.ts';
import { BENCHMARK_NAMES, findBenchmark } from '../fixtures/benchmarks/index.ts';
import { InputError, type NestbenchError, toNestbenchError, withoutStack } from '../setup/lib/errors.ts';
import { reasonOf } from '../setup/lib/error-text.ts';
import { TestEndedError } from '../setup/measure/measure-errors.ts';
import { wantedRuns } from '../setup/run/start-plan.ts';
import { whyNoTime as noTimeFor } from '../setup/run/time-budget.ts';
import { type RunWork, workLeft } from '../setup/run/work-left.ts';
import { planRun } from '../fixtures/benchmarks/plan-run.ts';
import { isBenchmarkName } from '../setup/journal/journal-check.ts';
import { readJournal } from '../setup/journal/journal-reader.ts';
import { withOriginal } from '../setup/measure/original.ts';
import { measureSeries } from '../setup/measure/series.ts';
import { reportProgress } from '../setup/lib/task-progress.ts';
import { loadTestbed } from '../setup/testbed/testbeds.ts';
import { noteMeasured } from '../setup/run/measured-tests.ts';
import { cancellation } from '../setup/run/cancellation.ts';
import { CellStack } from './cell-stack.ts';

/** Boots have their own deadlines for each level. This one must never be the first to expire. */
const HOOK_BUDGET_MS = 6 * 3_600_000;

/** For applications and for microbenchmarks, whose stacks differ in their last level and their clock. */
export const test = testOf('application');
export const microTest = testOf('micro');

function testOf(kind: BenchmarkKind) {
  const ofKind = base
    /** The cell's stack: boots at most once per file, and ends with it. */
    .extend(
      'stack',
      { scope: 'file' },
      // The empty pattern tells Vitest that this needs no other fixture.
      // oxlint-disable-next-line no-empty-pattern
      async ({}, { onCleanup }) => {
        const experiment = inject('experiment');
        const testbed = await loadTestbed(experiment.kind);
        const stack = new CellStack(inject('cell'), experiment, testbed, kind);
        onCleanup(async () => {
          await stack.end();
          // Vitest counts cancelled tests as skipped, and their file as passed.
          if (cancellation().aborted) throw withoutStack(toNestbenchError(cancellation().reason));
        });
        return stack;
      },
    )
    /** Measures a benchmark, given by name or as a value; skips with the reason if it can't be measured. */
    .extend('measure', async ({ stack, skip, task, signal }, { onCleanup }) => {
      const ended = endOf(task.name, signal);
      onCleanup(ended.end);
      return async (wanted: string | Benchmark): Promise<void> => {
        const benchmark = typeof wanted === 'string' ? known(wanted, stack) : nameable(wanted);
        const { cell, experiment, journal } = stack;
        const reason = stack.whyNot(benchmark);
        if (reason !== undefined) {
          journal.append({ type: 'skip', cell: cell.name, benchmark: benchmark.name, reason });
          skip(reason);
          return;
        }
        const noTime = whyNoTime(stack, benchmark);
        if (noTime !== undefined) {
          journal.append({
            type: 'skip',
            cell: cell.name,
            benchmark: benchmark.name,
            reason: noTime,
            leftOut: true,
          });
          skip(noTime);
          return;
        }
        if (!isMissing(stack, benchmark)) return;
        let missing: (() => readonly RunWork[]) | undefined;
        const failures: NestbenchError[] = [];
        try {
          await stack.using(async (running, boot) => {
            const material = await withOriginal(benchmark, experiment.profile.name, running.signal);
            if (material.missing !== undefined) {
              const text = `${benchmark.name} uses generated material, because the original could not be downloaded: ${material.missing}`;
              reportProgress({ task: cell.name, text, state: 'running', lasting: true });
            }
            // Once: if its stack was lost, the second time continues its runs.
            missing ??= missingOf(stack, benchmark);
            await measureSeries({
              cell: cell.name,
              benchmark: material.benchmark,
              original: material.original,
              profile: experiment.profile,
              work: missing(),
              boot,
              machines: running,
              until: ended.signal,
              journal,
              onIteration: ({ text, fraction, secondsLeft }) =>
                reportProgress({ task: cell.name, text, state: 'running', fraction, secondsLeft }),
              onFailure: (error) => void failures.push(error),
            });
            noteMeasured(task, benchmark.name);
          });
          // Another stack has measured the rest, but what failed on the lost one was not measured again.
          const [first] = failures;
          if (first !== undefined) throw first;
        } catch (thrown) {
          throw withoutStack(toNestbenchError(thrown));
        }
      };
    });

  // Runs for every file that imports `test`: boots the cell if a selected benchmark can be measured.
  ofKind.beforeAll(async ({ stack }, suite) => {
    const { tasks } = suite as { tasks: readonly RunnerTask[] };
    const selected = tasks.filter((task) => task.mode === 'run');
    // A test whose name is not a benchmark's may measure one of the user's own; then `measure` boots.
    const benchmarks = selected
      .flatMap(({ name }) => findBenchmark(name, stack.clock, stack.experiment.loaders) ?? [])
      .filter(
        (benchmark) => stack.whyNot(benchmark) === undefined && whyNoTime(stack, benchmark) === undefined,
      )
      .filter((benchmark) => isMissing(stack, benchmark));
    if (benchmarks.length > 0) await stack.boot(benchmarks);
  }, HOOK_BUDGET_MS);
  return ofKind;
}

/** Why the run has no time for it. */
function whyNoTime({ cell, experiment: { budget } }: CellStack, { name }: Benchmark): string | undefined {
  return budget && noTimeFor(budget, cell.name, name, Date.now());
}

/** Whether there is something to measure: always, unless a run is resumed. */
function isMissing(stack: CellStack, benchmark: Benchmark): boolean {
  return stack.experiment.resume === undefined || missingOf(stack, benchmark)().length > 0;
}

/** What its journal lacks of the runs that this start wants, now and whenever it is asked again. */
function missingOf({ cell, experiment, journal }: CellStack, benchmark: Benchmark): () => readonly RunWork[] {
  const { directory, profile, resume } = experiment;
  const place = { cell: cell.name, benchmark: benchmark.name };
  const plan = planRun(benchmark, profile);
  const retryFailed = resume?.retryFailed ?? false;
  let wanted: ReturnType<typeof wantedRuns> | undefined;
  return () => {
    journal.assertThere();
    const { records } = readJournal(directory);
    wanted ??= wantedRuns(records, place, { profile, resume });
    return workLeft(records, { ...place, ...wanted, plan, retryFailed });
  };
}

/** Its name becomes that of a folder and of a file. */
function nameable(benchmark: Benchmark): Benchmark {
  if (isBenchmarkName(benchmark.name)) return benchmark;
  throw new InputError(
    'NESTBENCH_UNKNOWN_BENCHMARK',
    `A benchmark can't be named ${JSON.stringify(benchmark.name)}: a name has at most 100 letters, digits, ".", "_" and "-".`,
  );
}

/** Ends a test's measurement when the test ends: when `end` is called, or at Vitest's `signal` after a timeout. */
function endOf(name: string, signal: AbortSignal): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const end = (): void =>
    // A cancelled run aborts this first and sets the reason right after: then it is the cell's failure.
    queueMicrotask(() => {
      if (cancellation().aborted) return;
      const why = signal.aborted ? ` (${reasonOf(signal.reason).split('\n', 1)[0]})` : '';
      const text = `The test "${name}" ended before its series did${why}, so the series was ended. Its samples until then are in the journal; give the test more time with --testTimeout, or await measure().`;
      controller.abort(new TestEndedError({ message: text }));
    });
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  return { signal: controller.signal, end };
}

function known(name: string, { clock, experiment }: CellStack): Benchmark {
  const benchmark = findBenchmark(name, clock, experiment.loaders);
  if (benchmark !== undefined) return benchmark;
  const there = BENCHMARK_NAMES.join(', ');
  throw new InputError('NESTBENCH_UNKNOWN_BENCHMARK', `There is no benchmark "${name}". Known are ${there}.`);
}
