/** All samples of one benchmark on one running stack: runs of iterations, each in the journal before the next. */
import { randomBytes } from 'node:crypto';
import type { Benchmark, Target } from '../../fixtures/benchmarks/benchmark.ts';
import { planRun, type RunPlan } from '../../fixtures/benchmarks/plan-run.ts';
import type { CellName } from '../../fixtures/matrix.ts';
import type { Profile } from '../../fixtures/profiles.ts';
import { standing } from '../../fixtures/statistics/stop-rule.ts';
import { type NestbenchError, toNestbenchError } from '../lib/errors.ts';
import { BenchmarkError, DvhUnprovenError } from './measure-errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { RunWork } from '../run/work-left.ts';
import type { Completed } from '../machine/machine.ts';
import type { TargetMachines } from './target-machines.ts';
import { countIdle } from './counted.ts';
import { beginProof, needsProof } from './dvh-proof.ts';
import { incidentsSinceLast } from './sample-incidents.ts';
import type { WithOriginal } from './original.ts';
import { sampleRounds } from './rounds.ts';
import { type Iteration, iterate, rawOutput } from './sample.ts';
import { SeriesClock, type SeriesProgress } from './series-clock.ts';
import { startService } from './service.ts';

export interface SeriesOptions {
  readonly cell: CellName;
  readonly benchmark: Benchmark;
  /** The artifact's own material that it uses, if it was downloaded. */
  readonly original?: WithOriginal['original'];
  readonly profile: Profile;
  /** The runs to measure, or what is missing of them. */
  readonly work: readonly RunWork[];
  /** The `id` of the stack's boot record. */
  readonly boot?: string | undefined;
  /** A running stack, or as much of it as measuring needs; its signal ends everything. */
  readonly machines: TargetMachines & { readonly underTest: Target; readonly signal: AbortSignal };
  /** Ends only this series, with a failure of the benchmark. No sample is kept after either signal. */
  readonly until?: AbortSignal;
  readonly journal: Journal;
  readonly onIteration: (progress: SeriesProgress) => void;
  /** Called with each failure of the benchmark itself: a series whose stack is lost later does not throw it. */
  readonly onFailure?: (error: NestbenchError) => void;
}

/** After so many failures in a row the rest of a run is not tried: the benchmark does not work here. */
const FAILURES_IN_A_ROW = 3;

/** A service's password has 128 bits, which can't be guessed. */
const PASSWORD_BYTES = 16;

/**
 * Measures. A failed iteration becomes a failure record, and the next one is tried.
 * @throws the first failure, once everything that can be measured was.
 */
export async function measureSeries(options: SeriesOptions): Promise<void> {
  const { benchmark, profile, work, machines, until } = options;
  const signal = until === undefined ? machines.signal : AbortSignal.any([machines.signal, until]);
  const failures: NestbenchError[] = [];
  const plan = planRun(benchmark, profile);
  const clock = new SeriesClock(benchmark, plan, work.length);
  for (const run of work) {
    failures.push(...(await measureRun(run, plan, clock, signal, options)));
    if (signal.aborted) break;
  }
  const [first] = failures;
  if (first !== undefined) throw first;
}

async function measureRun(
  work: RunWork,
  { sizes, rule }: RunPlan,
  clock: SeriesClock,
  signal: AbortSignal,
  options: SeriesOptions,
): Promise<NestbenchError[]> {
  const { benchmark, machines, cell, journal, boot, onIteration } = options;
  const { run, continues } = work;
  const { underTest: target, mechanisms = [] } = machines;
  const { unit, better } = benchmark;
  const command = benchmark.command(sizes, target);
  const what = { cell, benchmark: benchmark.name, run, boot };
  const { on, argv } = command;
  const { loader } = benchmark;
  const { original } = options;
  journal.append({
    type: 'series',
    ...what,
    continues,
    unit,
    better,
    sizes,
    on,
    argv: [...argv],
    proof: needsProof(mechanisms) ? 'needed' : undefined,
    loader,
    ...(benchmark.storesData && { storage: target.dataDirectory === undefined ? 'memory' : 'disk' }),
    original,
    rule: rule.kind === 'fixed' ? undefined : rule,
  });

  const failures: NestbenchError[] = [];
  let sampleSeconds = 0;
  let last: { readonly endedAt: number; readonly afterSeconds: number } | undefined;
  const fail = (error: NestbenchError, iteration?: number, output?: string): void => {
    failures.push(error);
    if (error.kind === 'benchmark') options.onFailure?.(error);
    const voids = error instanceof DvhUnprovenError ? true : undefined;
    journal.append({ type: 'failure', ...what, ...failureFields(error), iteration, output, voids });
  };
  const keep = (iteration: number, outcome: Iteration): number => {
    signal.throwIfAborted();
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
      ...(outcome.rates && { rates: { ...outcome.rates } }),
      l0: outcome.counted.l0,
      host: outcome.counted.host,
    });
    sampleSeconds += outcome.completed.seconds;
    return outcome.value;
  };

  const serving = new Spell();
  const values = [...work.values];
  const done = new Set(work.done);
  let prove: Awaited<ReturnType<typeof beginProof>>;
  /** Once for each run. */
  const settle = async (): Promise<DvhUnprovenError | undefined> => {
    const proof = await prove?.(sampleSeconds);
    prove = undefined;
    if (proof instanceof DvhUnprovenError) return proof;
    if (proof !== undefined) journal.append({ type: 'proof', ...what, ...proof });
    return undefined;
  };
  try {
    const wanted = benchmark.service?.(sizes, target, randomBytes(PASSWORD_BYTES).toString('hex'));
    await using service = wanted && (await startService(benchmark.name, wanted, machines, signal));
    serving.pause();
    // What happened up to here does not count, such as the end of the previous run's service.
    await incidentsSinceLast(machines, signal);
    const needs = { benchmark, mechanisms, cpus: target.cpus };
    // Not `until`: the counters can't answer again after an interrupted request.
    prove = await beginProof(needs, machines, machines.signal);
    /** @returns how long it took. */
    const restart = async (iteration: number): Promise<number> => {
      const began = performance.now();
      try {
        await service?.restart();
      } catch (thrown) {
        const error = toNestbenchError(thrown);
        if (error.kind === 'benchmark') fail(error, iteration);
        throw error;
      }
      return (performance.now() - began) / 1000;
    };
    // How many iterations failed since the last sample.
    const state = { inARow: 0 };
    let now = standing(rule, values, done.size);
    while (now.state === 'open' && state.inARow < FAILURES_IN_A_ROW) {
      // tinybench stops at the first failure, and the rule must be asked again: the rest of the run is another round.
      let iteration = 0;
      const failure = await sampleRounds(now.certain, signal, async () => {
        const isFirst = done.size === work.done.size;
        iteration = nextOf(done);
        onIteration(clock.progressAt({ run: options.work.indexOf(work) + 1, iteration }, values, done.size));
        done.add(iteration);
        state.inARow++;
        const restartSeconds = !isFirst && wanted?.restarts === true ? await restart(iteration) : 0;
        const outcome = await iterate(benchmark, sizes, target, machines, signal);
        const judged = service?.judge(outcome) ?? outcome;
        const value = keep(iteration, { ...judged, beforeSeconds: judged.beforeSeconds + restartSeconds });
        values.push(value);
        state.inARow = 0;
        return value;
      });
      // Such as that of a tool that printed without end, which has no outcome to keep.
      if (failure !== undefined && !failures.includes(failure)) fail(failure, iteration);
      now = standing(rule, values, done.size);
    }
    const unproven = await settle();
    if (unproven !== undefined) throw unproven;
    // After the samples, not before: at L3 it takes seconds, which would delay the first sample.
    const idle = await countIdle(machines, command, signal);
    if (idle !== undefined) journal.append({ type: 'idle', ...what, l0: idle });
    if (now.state === 'open') {
      fail(gaveUp(benchmark.name, cell, run, rule.most - done.size));
    } else if (rule.kind !== 'fixed') {
      const { reason, halfWidth, doubt } = now;
      journal.append({ type: 'stop', ...what, reason, samples: values.length, halfWidth, doubt });
    }
    serving.resume();
    await service?.end();
  } catch (thrown) {
    const error = toNestbenchError(thrown);
    // The stack has changed, or the run was stopped: that is the cell's failure, and nothing more is measured.
    if (error.kind !== 'benchmark') throw error;
    fail(error);
    // The samples of a run that ended early need the same proof.
    const unproven = values.length > 0 ? await settle() : undefined;
    if (unproven !== undefined) fail(unproven);
  }
  serving.pause();
  if (benchmark.service !== undefined) {
    journal.append({ type: 'service', ...what, seconds: serving.seconds });
  }
  return failures;
}

/** The first iteration that is not done. */
function nextOf(done: ReadonlySet<number>): number {
  let iteration = 1;
  while (done.has(iteration)) iteration++;
  return iteration;
}

/** A stopwatch that starts when it is created, and can be paused. */
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

function gaveUp(benchmark: string, cell: CellName, run: number, left: number): NestbenchError {
  return new BenchmarkError({
    message: `${benchmark} failed ${FAILURES_IN_A_ROW} times in a row in ${cell}, run ${run}, so its remaining ${left} iterations were not tried.`,
  });
}

/** An error as a failure record's fields. */
export function failureFields(error: NestbenchError): {
  kind: NestbenchError['kind'];
  code: string;
  message: string;
  machine?: string;
  tail?: string;
} {
  const { kind, code, message, machine, output } = error;
  return {
    kind,
    code,
    message,
    ...(machine === undefined ? {} : { machine }),
    ...(output === undefined ? {} : { tail: output }),
  };
}
