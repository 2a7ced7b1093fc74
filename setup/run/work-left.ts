/** What a journal lacks of a benchmark in a cell: whole runs, and iterations of runs that were cut off. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { RunPlan } from '../../fixtures/benchmarks/plan-run.ts';
import type { FailureRecord, JournalRecord, SeriesRecord } from '../../fixtures/records.ts';
import { InputError } from '../lib/errors.ts';

/** A run to measure, or what is missing of one. */
export interface RunWork {
  readonly run: number;
  /** Its iterations that are not measured again: those with a sample, and those that failed. */
  readonly done: ReadonlySet<number>;
  /** Its samples so far, by iteration. */
  readonly values: readonly number[];
  /** The time of the series record that it continues. */
  readonly continues: string | undefined;
}

export function wholeRun(run: number): RunWork {
  return { run, done: new Set(), values: [], continues: undefined };
}

export interface Wanted {
  readonly cell: string;
  readonly benchmark: string;
  readonly plan: RunPlan;
  /** How many runs there are to be, numbered from `first`. */
  readonly runs: number;
  readonly first: number;
  /** Whether what failed is measured again. */
  readonly retryFailed: boolean;
}

/** A run in the journal. */
type Found =
  | { readonly state: 'complete' | 'failed' }
  | { readonly state: 'cut'; readonly work: RunWork }
  /** Its samples do not count, so another run takes its place. */
  | { readonly state: 'void' };

/**
 * The runs to measure, in order.
 * @throws {InputError} NESTBENCH_EXPERIMENT_DIFFERS if the rest of a run would be measured with other sizes.
 */
export function workLeft(records: readonly JournalRecord[], wanted: Wanted): RunWork[] {
  const { first, runs } = wanted;
  const numbered = runsOf(records, wanted);
  const found = [...numbered].filter(([run]) => run >= first).map(([run, its]) => stateOf(run, its, wanted));
  const there = found.filter(({ state }) => state === 'complete' || state === 'failed').length;
  const missing = Math.max(0, runs - there);
  const cut = found.flatMap((run) => (run.state === 'cut' ? run.work : [])).slice(0, missing);
  const next = Math.max(first - 1, ...numbered.keys()) + 1;
  return [...cut, ...Array.from({ length: missing - cut.length }, (_, index) => wholeRun(next + index))];
}

/** The number of the next run of a cell's benchmark in a journal. Runs are numbered across all starts. */
export function nextRun(
  records: readonly JournalRecord[],
  { cell, benchmark }: Pick<Wanted, 'cell' | 'benchmark'>,
): number {
  return Math.max(0, ...runsOf(records, { cell, benchmark }).keys()) + 1;
}

/** The benchmark's records that belong to a run, by its number, in ascending order. */
function runsOf(
  records: readonly JournalRecord[],
  { cell, benchmark }: Pick<Wanted, 'cell' | 'benchmark'>,
): Map<number, JournalRecord[]> {
  const runs = new Map<number, JournalRecord[]>();
  for (const record of records) {
    if (!('run' in record) || record.run === undefined) continue;
    if (record.cell !== cell || record.benchmark !== benchmark) continue;
    const its = runs.get(record.run) ?? [];
    its.push(record);
    runs.set(record.run, its);
  }
  return new Map([...runs].toSorted(([one], [other]) => one - other));
}

function stateOf(run: number, records: readonly JournalRecord[], wanted: Wanted): Found {
  const { plan, retryFailed } = wanted;
  const last = records.findLast((record) => record.type === 'series');
  const failures = records.filter((record) => record.type === 'failure').filter(isOwn);
  if (failures.some(({ voids }) => voids === true)) return { state: retryFailed ? 'void' : 'failed' };
  const samples = records
    .filter((record) => record.type === 'sample')
    .toSorted((one, other) => one.iteration - other.iteration);
  const sampled = new Set(samples.map(({ iteration }) => iteration));
  const failed = new Set(failures.flatMap(({ iteration }) => iteration ?? [])).difference(sampled);
  // The rest of it was given up, or it never began.
  const isGivenUp = failures.some(({ iteration, at }) => iteration === undefined && at >= (last?.at ?? ''));
  const done = retryFailed ? sampled : sampled.union(failed);
  const values = samples.map(({ value }) => value);
  const needsProof = last?.proof !== undefined && samples.length > 0;
  const isProven = !needsProof || records.some(({ type }) => type === 'proof');
  if (isProven && isOver(records, plan, done.size)) {
    return { state: failed.size > 0 || isGivenUp ? 'failed' : 'complete' };
  }
  if (isGivenUp && !retryFailed) return { state: 'failed' };
  // A proof is for all samples of a run, on one boot.
  if (needsProof) return { state: 'void' };
  assertSameSizes(last, wanted);
  return { state: 'cut', work: { run, done, values, continues: last?.at } };
}

/** With a stopping rule, its own record says so. */
function isOver(records: readonly JournalRecord[], { rule }: RunPlan, tried: number): boolean {
  return rule.kind === 'fixed' ? tried >= rule.most : records.some(({ type }) => type === 'stop');
}

/** The benchmark's own. One whose test ended early was stopped, and did not fail. */
function isOwn({ kind, code }: FailureRecord): boolean {
  return kind === 'benchmark' && code !== 'NESTBENCH_ABORTED';
}

function assertSameSizes(series: SeriesRecord | undefined, { benchmark, cell, plan }: Wanted): void {
  if (series === undefined || isDeepStrictEqual(series.sizes, { ...plan.sizes })) return;
  throw new InputError(
    'NESTBENCH_EXPERIMENT_DIFFERS',
    `Run ${series.run} of ${benchmark} in ${cell} was measured with the sizes ${JSON.stringify(series.sizes)}, and this nestbench has ${JSON.stringify(plan.sizes)}, so the rest of it can't be measured. Select another EXPERIMENT.`,
  );
}
