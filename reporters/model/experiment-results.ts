/**
 * The model of an experiment: the outcome of every benchmark in every cell. Made from the journal's records alone, of
 * all starts together, and pure. Tables, figures and files are made from it.
 */
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { CELLS, LEVELS, type Level } from '../../fixtures/matrix.ts';
import type { ExperimentRecord, FailureRecord, JournalRecord } from '../../fixtures/records.ts';
import { type MeanInterval, meanInterval } from '../statistics/mean-interval.ts';
import { type Statistics, statisticsOf } from '../../fixtures/statistics/statistics.ts';
import { type BenchmarkRow, benchmarkRow, type Better } from './benchmark-row.ts';
import { type BootOfSamples, causeOf, indexOf, type JournalIndex, key, runKey } from './journal-index.ts';
import { overlapRemarks } from './overlap.ts';
import { groupSamples, type JournalItem, type MeasuredSeries } from './measured-series.ts';

/** One run of a benchmark in a cell, with at least one sample. */
export interface Run {
  /** The run's number in the journal. A run without samples leaves a gap. */
  readonly run: number;
  /** Its samples by the boot that they were measured on. A run that was cut off and resumed has several parts. */
  readonly parts: readonly RunPart[];
  /** By iteration, like all of a run's lists. */
  readonly values: readonly number[];
  /** The samples' numbers. A failed iteration leaves a gap. */
  readonly iterations: readonly number[];
  /** When each began, in milliseconds since 1970. */
  readonly startedAt: readonly number[];
  /** The same samples as in the journal, with all their columns. */
  readonly series: readonly MeasuredSeries[];
  readonly statistics: Statistics;
}

/** The samples of a run that were measured on one boot. */
export interface RunPart {
  /** The boot of the cell, counted from 1 in this journal; null if the journal has none. */
  readonly boot: number | null;
  /** The snapshot that the boot was restored from; null if it was booted. */
  readonly snapshot: string | null;
  readonly values: readonly number[];
}

export interface Measured {
  readonly state: 'measured';
  readonly unit: string;
  readonly better: Better;
  /** By run number. */
  readonly runs: readonly Run[];
  /**
   * Of the samples of all runs together. These are not independent; {@link interval} has the uncertainty of the mean.
   */
  readonly statistics: Omit<Statistics, 'halfWidth'>;
  /** Of the mean, over what is independent: boots before runs before iterations. */
  readonly interval: MeanInterval;
  /**
   * The artifact's number: the best of the runs' averages, and its run. The more runs there are (`of`), the better it
   * is.
   */
  readonly best: { readonly run: number; readonly value: number; readonly of: number };
  /** What failed part way. The samples are complete but fewer than planned. */
  readonly failures: readonly FailureRecord[];
}

export interface Failed {
  readonly state: 'failed';
  readonly reason: string;
  readonly kind: FailureRecord['kind'];
  readonly code: string;
  /** All failures; empty if the cell itself failed (see {@link CellResults.failures}). */
  readonly failures: readonly FailureRecord[];
}

export interface Skipped {
  readonly state: 'skipped';
  readonly reason: string;
}

export interface Missing {
  readonly state: 'missing';
  readonly reason: 'not run';
}

export type Outcome = Measured | Failed | Skipped | Missing;

export interface CellResults {
  readonly name: string;
  /** null for a cell outside the matrix whose name does not contain a level. */
  readonly level: Level | null;
  readonly configuration: string;
  /** By name, for every benchmark of {@link Results.benchmarks}. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Failures of the cell's stack rather than of one benchmark. */
  readonly failures: readonly FailureRecord[];
}

export interface Results {
  /** The experiment's name; null if no record has it. */
  readonly experiment: string | null;
  /** One record per start, oldest first. */
  readonly starts: readonly ExperimentRecord[];
  /** All benchmarks in their own order, then those that only the journal has. */
  readonly benchmarks: readonly BenchmarkRow[];
  /** All cells of the matrix in its order, then those that only the journal has. */
  readonly cells: readonly CellResults[];
  /** The records that all of this was made from, for anything else in them. */
  readonly records: readonly JournalItem[];
  /** What a reader has to know about all numbers together, in sentences. */
  readonly remarks: readonly string[];
}

const UNKNOWN_BOOT: BootOfSamples = { boot: null, snapshot: null };

const NOT_RUN: Missing = { state: 'missing', reason: 'not run' };

/** The outcome of a benchmark in a cell; `missing` for an unknown cell or benchmark. */
export function outcomeOf(results: Results, cell: string, benchmark: string): Outcome {
  return results.cells.find(({ name }) => name === cell)?.outcomes.get(benchmark) ?? NOT_RUN;
}

/**
 * The model of a journal.
 * @throws {InputError} NESTBENCH_JOURNAL_DAMAGED if a benchmark was recorded with two units or directions: such samples
 * don't fit one table.
 */
export function collectResults(journal: Iterable<JournalRecord>): Results {
  const records = withoutVoid(groupSamples(journal));
  const starts = records.filter((record) => record.type === 'experiment');
  const index = indexOf(records);
  const benchmarks = benchmarkNames(records).map((name) => benchmarkRow(name, records));
  return {
    experiment: starts.at(-1)?.experiment ?? null,
    starts,
    benchmarks,
    records,
    remarks: overlapRemarks({ records }),
    cells: cellNames(records).map((name) => {
      const failures = index.failures.get(key(name, null)) ?? [];
      const outcomes = new Map(
        benchmarks.map((benchmark) => [benchmark.name, outcome(index, name, benchmark.name, failures)]),
      );
      const { level, configuration } = placeOf(name);
      return { name, level, configuration, outcomes, failures };
    }),
  };
}

/**
 * Without the samples of runs that do not count: a failure found that out after they were taken, or they lack the proof
 * that they need, which then is a failure in their place.
 */
function withoutVoid(records: readonly JournalItem[]): JournalItem[] {
  const voided = new Set(
    records.flatMap((record) => {
      if (record.type !== 'failure' || record.voids !== true) return [];
      const { cell, benchmark, run } = record;
      return benchmark === null || run === undefined ? [] : runKey({ cell, benchmark, run });
    }),
  );
  const needing = new Set(
    records.flatMap((record) =>
      record.type === 'series' && record.proof === 'needed' ? runKey(record) : [],
    ),
  );
  for (const record of records) if (record.type === 'proof') needing.delete(runKey(record));
  return records.flatMap((record) => {
    if (record.type !== 'samples') return record;
    const run = runKey(record);
    if (voided.has(run)) return [];
    if (!needing.has(run)) return record;
    voided.add(run);
    return unproven(record);
  });
}

function unproven({ at, cell, benchmark, run }: MeasuredSeries): FailureRecord {
  return {
    type: 'failure',
    at,
    cell,
    benchmark,
    run,
    kind: 'benchmark',
    code: 'NESTBENCH_DVH_UNPROVEN',
    message:
      "A run has no proof that direct virtual hardware was in effect: it was stopped, or its stack was lost, before L0's counters were read again. Its samples do not count; measure the cell again.",
    machine: 'l0',
    voids: true,
  };
}

/**
 * Measurements count, whatever else failed. Without a sample, the reason is the benchmark's own failure, then its skip
 * (it would have been skipped on a working stack too), then the failure of the cell.
 */
function outcome(
  index: JournalIndex,
  cell: string,
  benchmark: string,
  cellFailures: readonly FailureRecord[],
): Outcome {
  const at = key(cell, benchmark);
  const failures = index.failures.get(at) ?? [];
  const [first, ...others] = index.samples.get(at) ?? [];
  if (first !== undefined) {
    const planned = index.planned.get(at) ?? new Map<number, number>();
    const total = [...planned.values()].reduce((sum, iterations) => sum + iterations, 0);
    // A series that was cut short has no failure of its own; the reason is what ended its cell.
    const taken = samplesIn([first, ...others]);
    const isCutOff = failures.length === 0 && taken < total;
    const whole = wholeRuns([first, ...others], planned);
    // What failed or was cut off has been measured again.
    const isComplete = whole >= (index.requested.get(at) ?? Number.POSITIVE_INFINITY);
    return measured([first, ...others], {
      failures: isComplete ? [] : isCutOff ? cellFailures : failures,
      planned,
      confidence: index.confidences.get(at),
      bootOf: (its) => index.boots.get(its) ?? UNKNOWN_BOOT,
    });
  }
  const skip = index.skips.get(at);
  if (failures.length === 0 && skip !== undefined) return { state: 'skipped', reason: skip };
  const cause = causeOf(failures, index) ?? causeOf(cellFailures, index);
  if (cause === undefined) return NOT_RUN;
  return { state: 'failed', reason: cause.message, kind: cause.kind, code: cause.code, failures };
}

/** How many runs have all of their samples. */
function wholeRuns(series: readonly MeasuredSeries[], planned: ReadonlyMap<number, number>): number {
  const runs = [...Map.groupBy(series, ({ run }) => run)];
  return runs.filter(([run, its]) => samplesIn(its) >= (planned.get(run) ?? 0)).length;
}

function samplesIn(series: readonly MeasuredSeries[]): number {
  return series.reduce((sum, { columns }) => sum + columns.value.length, 0);
}

function measured(
  series: readonly [MeasuredSeries, ...MeasuredSeries[]],
  known: {
    readonly failures: readonly FailureRecord[];
    readonly planned: ReadonlyMap<number, number>;
    readonly confidence: number | undefined;
    readonly bootOf: (series: MeasuredSeries) => BootOfSamples;
  },
): Measured {
  const { failures, planned, confidence, bootOf } = known;
  const runs = [...Map.groupBy(series, ({ run }) => run)]
    .toSorted(([one], [other]) => one - other)
    .map(([run, its]) => runOf(run, its, bootOf, confidence));
  const [{ unit, better }] = series;
  const [first, ...others] = runs;
  return {
    state: 'measured',
    unit,
    better,
    runs,
    statistics:
      first !== undefined && others.length === 0
        ? first.statistics
        : statisticsOf(
            runs.flatMap(({ values }) => values),
            confidence,
          ),
    interval: meanInterval(
      runs.flatMap(({ parts }) => parts),
      confidence,
    ),
    best: bestOf(competing(runs, planned), better),
    failures,
  };
}

/** One column over all series. A run usually has one, which is then not copied. */
function joined(series: readonly MeasuredSeries[], name: keyof MeasuredSeries['columns']): readonly number[] {
  const [first, ...others] = series;
  return others.length === 0 && first !== undefined
    ? first.columns[name]
    : series.flatMap(({ columns }) => columns[name]);
}

function runOf(
  run: number,
  series: readonly MeasuredSeries[],
  bootOf: (series: MeasuredSeries) => BootOfSamples,
  confidence: number | undefined,
): Run {
  const column = (name: keyof MeasuredSeries['columns']): readonly number[] => joined(series, name);
  const iterations = column('iteration');
  // They are usually already in order.
  const order = iterations.every((iteration, at) => at === 0 || iteration >= (iterations[at - 1] ?? 0))
    ? undefined
    : iterations
        .map((_, at) => at)
        .toSorted((one, other) => (iterations[one] ?? 0) - (iterations[other] ?? 0));
  const ordered = (numbers: readonly number[]): readonly number[] =>
    order?.map((at) => numbers[at] ?? Number.NaN) ?? numbers;
  const values = ordered(column('value'));
  return {
    run,
    parts: partsOf(series, bootOf, values),
    values,
    iterations: ordered(iterations),
    startedAt: ordered(column('startedAt')),
    series,
    statistics: statisticsOf(values, confidence),
  };
}

function partsOf(
  series: readonly MeasuredSeries[],
  bootOf: (series: MeasuredSeries) => BootOfSamples,
  values: readonly number[],
): RunPart[] {
  const byBoot = [...Map.groupBy(series, (its) => bootOf(its).boot).values()];
  return byBoot.flatMap((its) => {
    const [first] = its;
    if (first === undefined) return [];
    const { boot, snapshot } = bootOf(first);
    return { boot, snapshot, values: byBoot.length === 1 ? values : joined(its, 'value') };
  });
}

/** The complete runs, as in the artifact; if there is none, all runs. */
function competing(runs: readonly Run[], planned: ReadonlyMap<number, number>): readonly Run[] {
  const whole = runs.filter(({ run, values }) => values.length >= (planned.get(run) ?? 0));
  return whole.length > 0 ? whole : runs;
}

/** The best of the runs' averages; of equal ones the earlier. */
function bestOf(runs: readonly Run[], better: Better): Measured['best'] {
  return runs
    .map(({ run, statistics }) => ({ run, value: statistics.mean, of: runs.length }))
    .reduce((best, other) => {
      const isBetter = better === 'higher' ? other.value > best.value : other.value < best.value;
      return isBetter ? other : best;
    });
}

function benchmarkNames(records: readonly JournalItem[]): string[] {
  const recorded = records.flatMap((record) => ('benchmark' in record ? (record.benchmark ?? []) : []));
  return [...new Set([...BENCHMARKS.map(({ name }) => name), ...recorded])];
}

function cellNames(records: readonly JournalItem[]): string[] {
  const recorded = records.flatMap((record) => ('cell' in record ? record.cell : []));
  return [...new Set([...CELLS.map(({ name }) => name), ...recorded])];
}

/** Level and configuration from the cell's name. */
function placeOf(cell: string): Pick<CellResults, 'level' | 'configuration'> {
  const [, digit, configuration] = /^l(\d)-(.+)$/.exec(cell) ?? [];
  const level = LEVELS.find((one) => String(one) === digit);
  return level === undefined || configuration === undefined
    ? { level: null, configuration: cell }
    : { level, configuration };
}
