/** All samples of one benchmark on one running stack: runs of iterations, every one in the journal before the next. */
import { randomBytes } from 'node:crypto';
import { Bench } from 'tinybench';
import type { Benchmark, Target } from '../../fixtures/benchmarks/benchmark.ts';
import type { CellName } from '../../fixtures/matrix.ts';
import type { Profile } from '../../fixtures/profiles.ts';
import { NestbenchError, toNestbenchError } from '../errors.ts';
import type { Journal } from '../journal.ts';
import type { Completed } from '../machine/machine.ts';
import type { Bed } from './bed.ts';
import { countIdle } from './counted.ts';
import type { WithOriginal } from './original.ts';
import { type Iteration, iterate, rawOutput } from './sample.ts';
import { startService } from './service.ts';

export interface SeriesOptions {
  readonly cell: CellName;
  readonly benchmark: Benchmark;
  /** What of the artifact's own it works on, where there is such a thing and it was to be had. */
  readonly original?: WithOriginal['original'];
  readonly profile: Profile;
  /** The first run's number: one more than the journal has of this cell and benchmark. */
  readonly firstRun: number;
  /** A running stack, or as much of it as measuring needs; its signal ends everything. */
  readonly bed: Bed & { readonly underTest: Target; readonly signal: AbortSignal };
  readonly journal: Journal;
  readonly onIteration: (progress: { text: string; fraction: number; secondsLeft: number }) => void;
}

/** After so many failures on end, the rest of a run is not tried: the benchmark does not work here. */
const FAILURES_ON_END = 3;

/** Of a service's password: 128 bits, as cannot be guessed. */
const PASSWORD_BYTES = 16;

/**
 * Measures. A failed iteration becomes a failure record and the next one is tried.
 * @throws the first failure, once everything that can be measured was.
 */
export async function measureSeries(options: SeriesOptions): Promise<void> {
  const { profile, firstRun } = options;
  const failures: NestbenchError[] = [];
  const clock = new SeriesClock(options);
  for (let run = firstRun; run < firstRun + profile.runs; run++) {
    failures.push(...(await measureRun(run, clock, options)));
  }
  const [first] = failures;
  if (first !== undefined) throw first;
}

/** Tells the progress of all runs; the time left follows from the samples so far, at first from the expectation. */
class SeriesClock {
  readonly #options: SeriesOptions;
  readonly #began = performance.now();

  constructor(options: SeriesOptions) {
    this.#options = options;
  }

  tell(run: number, iteration: number): void {
    const { benchmark, profile, firstRun, onIteration } = this.#options;
    const sizes = benchmark.sizes[profile.name];
    const total = profile.runs * sizes.iterations;
    const done = (run - firstRun) * sizes.iterations + iteration - 1;
    const each =
      done === 0 ? benchmark.expectedSeconds(sizes) : (performance.now() - this.#began) / 1000 / done;
    const ofRuns = profile.runs > 1 ? `, run ${run - firstRun + 1} of ${profile.runs}` : '';
    onIteration({
      text: `${benchmark.name}: iteration ${iteration} of ${sizes.iterations}${ofRuns}`,
      fraction: done / total,
      secondsLeft: each * (total - done),
    });
  }
}

async function measureRun(
  run: number,
  clock: SeriesClock,
  options: SeriesOptions,
): Promise<NestbenchError[]> {
  const { benchmark, bed, cell, journal, profile } = options;
  const { underTest: target, signal } = bed;
  const sizes = benchmark.sizes[profile.name];
  const { unit, better } = benchmark;
  const command = benchmark.command(sizes, target);
  const what = { cell, benchmark: benchmark.name, run };
  const { on, argv } = command;
  const { loader } = benchmark;
  const { original } = options;
  journal.append({ type: 'series', ...what, unit, better, sizes, on, argv: [...argv], loader, original });

  const failures: NestbenchError[] = [];
  let last: { readonly endedAt: number; readonly afterSeconds: number } | undefined;
  const fail = (error: NestbenchError, iteration?: number, output?: string): void => {
    failures.push(error);
    journal.append({ type: 'failure', ...what, ...failureFields(error), iteration, output });
  };
  const keep = (iteration: number, outcome: Iteration): number => {
    const { completed, beforeSeconds, afterSeconds, counted } = outcome;
    const gapSeconds =
      counted &&
      last &&
      Math.max(0, (counted.startedAt - last.endedAt) / 1000 - beforeSeconds - last.afterSeconds);
    last = counted && { endedAt: counted.endedAt, afterSeconds };
    const name = `${benchmark.name}/run-${run}-iteration-${iteration}`;
    const kept = (ended: Completed): string => journal.keepOutput(cell, name, rawOutput(ended));
    if (outcome.state === 'failed') {
      fail(outcome.error, iteration, completed && kept(completed));
      throw outcome.error;
    }
    journal.append({
      type: 'sample',
      ...what,
      iteration,
      value: outcome.value,
      unit,
      better,
      started: outcome.completed.started.toISOString(),
      seconds: outcome.completed.seconds,
      output: kept(outcome.completed),
      beforeSeconds,
      afterSeconds,
      gapSeconds,
      work: outcome.work,
      l0: outcome.counted.l0,
    });
    return outcome.value;
  };

  const serving = new Spell();
  try {
    const wanted = benchmark.service?.(sizes, target, randomBytes(PASSWORD_BYTES).toString('hex'));
    await using service = wanted && (await startService(benchmark.name, wanted, bed, signal));
    serving.pause();
    const idle = await countIdle(bed, command, signal);
    if (idle !== undefined) journal.append({ type: 'idle', ...what, l0: idle });
    // What is left to do, and how many failures there were since the last sample.
    const state = { next: 1, onEnd: 0 };
    while (state.next <= sizes.iterations && state.onEnd < FAILURES_ON_END) {
      // tinybench stops at the first failure: what is left of the run is another round of it.
      await sampleRounds(sizes.iterations - state.next + 1, signal, async () => {
        const iteration = state.next++;
        state.onEnd++;
        clock.tell(run, iteration);
        const outcome = await iterate(benchmark, sizes, target, bed, signal);
        const value = keep(iteration, service?.judge(outcome) ?? outcome);
        state.onEnd = 0;
        return value;
      });
    }
    if (state.next <= sizes.iterations) {
      fail(gaveUp(benchmark.name, cell, run, sizes.iterations - state.next + 1));
    }
    serving.resume();
    await service?.end();
  } catch (thrown) {
    const error = toNestbenchError(thrown);
    // The stack is not what it was, or the run was stopped: that is the cell's failure, and nothing more is measured.
    if (error.kind !== 'benchmark') throw error;
    fail(error);
  }
  serving.pause();
  if (benchmark.service !== undefined) {
    journal.append({ type: 'service', ...what, seconds: serving.seconds });
  }
  return failures;
}

/** A stopwatch that runs from its making on, and can be paused. */
class Spell {
  seconds = 0;
  #since: number | undefined = performance.now();

  pause(): void {
    if (this.#since !== undefined) this.seconds += (performance.now() - this.#since) / 1000;
    this.#since = undefined;
  }

  resume(): void {
    this.#since ??= performance.now();
  }
}

/**
 * Takes up to `count` samples, one after another, through tinybench. Ends at the first benchmark failure.
 * @throws what is no benchmark failure.
 */
async function sampleRounds(
  count: number,
  signal: AbortSignal,
  sample: () => Promise<number>,
): Promise<void> {
  let stopped: unknown;
  // Exactly `count` calls: tinybench would add warmup calls, and go on until a time is filled.
  const bench = new Bench({ iterations: count, time: 0, warmup: false, concurrency: null, signal });
  bench.add(
    'samples',
    async () => {
      try {
        return { overriddenDuration: await sample() };
      } catch (error) {
        stopped = error;
        throw error;
      }
    },
    { async: true },
  );
  await bench.run();
  if (stopped !== undefined && toNestbenchError(stopped).kind !== 'benchmark') throw stopped;
  signal.throwIfAborted();
}

function gaveUp(benchmark: string, cell: CellName, run: number, left: number): NestbenchError {
  return new NestbenchError(
    'NESTBENCH_COMMAND_FAILED',
    'benchmark',
    `${benchmark} failed ${FAILURES_ON_END} times on end in ${cell}, run ${run}: the ${left} iterations left were not tried.`,
  );
}

/** An error as a failure record's fields. */
export function failureFields(error: NestbenchError): {
  kind: NestbenchError['kind'];
  code: string;
  message: string;
  machine?: string;
  tail?: string;
} {
  const { kind, code, message, facts } = error;
  return {
    kind,
    code,
    message,
    ...(facts.machine === undefined ? {} : { machine: facts.machine }),
    ...(facts.output === undefined ? {} : { tail: facts.output }),
  };
}
