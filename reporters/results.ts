/**
 * The model of an experiment: what came of every benchmark in every cell. Made from the journal's records alone, of
 * all starts together, and pure; tables, figures and files are made from it.
 */
import { BENCHMARKS } from '../fixtures/benchmarks/index.ts';
import { CELLS, LEVELS, type Level } from '../fixtures/matrix.ts';
import type { ExperimentRecord, FailureRecord, JournalRecord, SeriesRecord } from '../fixtures/records.ts';
import { InputError } from '../setup/errors.ts';
import { type Statistics, statisticsOf } from '../fixtures/statistics/statistics.ts';
import { inStretches, type JournalItem, type SampleStretch } from './stretches.ts';

export type Better = 'higher' | 'lower';

/** One run of a benchmark in a cell that gave at least one sample. */
export interface Run {
  /** The run's number in the journal. A run of which no sample came leaves a gap. */
  readonly run: number;
  /** By iteration, as all of a run's lists are. */
  readonly values: readonly number[];
  /** The samples' numbers. An iteration that failed leaves a gap in them. */
  readonly iterations: readonly number[];
  /** When each began, in milliseconds since 1970. */
  readonly startedAt: readonly number[];
  /** The same samples as the journal has them, with all that is kept of them. */
  readonly stretches: readonly SampleStretch[];
  readonly statistics: Statistics;
}

export interface Measured {
  readonly state: 'measured';
  readonly unit: string;
  readonly better: Better;
  /** By run number. */
  readonly runs: readonly Run[];
  /**
   * Of the samples of all runs together. Samples of one run resemble each other more than those of two, so with
   * several runs the half-width says less than it seems to; the runs' own statistics tell.
   */
  readonly statistics: Statistics;
  /** The artifact's number: the best of the runs' averages, and the run that gave it, cut short or not. */
  readonly best: { readonly run: number; readonly value: number };
  /** What failed part way. The samples are whole all the same, but fewer than planned. */
  readonly failures: readonly FailureRecord[];
}

export interface Failed {
  readonly state: 'failed';
  readonly reason: string;
  readonly kind: FailureRecord['kind'];
  readonly code: string;
  /** All that failed; empty where the cell itself did (see {@link CellResults.failures}). */
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

export interface BenchmarkRow {
  readonly name: string;
  /** As measured; as the benchmark says where it was not; null where neither tells. */
  readonly unit: string | null;
  readonly better: Better | null;
  /** The program that made its load, where several can; null elsewhere, and where it was not run. */
  readonly loader: string | null;
  /** What was run: the sizes of its series, each combination once, in order of appearance. */
  readonly sizes: readonly Readonly<Record<string, number>>[];
}

export interface CellResults {
  readonly name: string;
  /** null in a cell that the matrix does not have and whose name does not tell. */
  readonly level: Level | null;
  readonly configuration: string;
  /** One for every benchmark of {@link Results.benchmarks}, by its name. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Failures of the cell's stack rather than of one benchmark. */
  readonly failures: readonly FailureRecord[];
}

export interface Results {
  /** The experiment's name, null where no record tells. */
  readonly experiment: string | null;
  /** One record a start, oldest first. */
  readonly starts: readonly ExperimentRecord[];
  /** All benchmarks there are, in their own order, then those that only the journal knows. */
  readonly benchmarks: readonly BenchmarkRow[];
  /** All cells of the matrix, in its order, then those that only the journal knows. */
  readonly cells: readonly CellResults[];
  /** What all of this was made from, for what else there is in it. */
  readonly records: readonly JournalItem[];
}

const NOT_RUN: Missing = { state: 'missing', reason: 'not run' };

/** What came of a benchmark in a cell; `missing` for a cell or benchmark that there is not. */
export function outcomeOf(results: Results, cell: string, benchmark: string): Outcome {
  return results.cells.find(({ name }) => name === cell)?.outcomes.get(benchmark) ?? NOT_RUN;
}

/** As {@link collectItems}, of the records themselves. */
export function collectResults(records: Iterable<JournalRecord>): Results {
  return collectItems(inStretches(records));
}

/**
 * The model of a journal.
 * @throws {InputError} NESTBENCH_JOURNAL_DAMAGED where one benchmark was recorded in two units, or with two ideas of
 * which way is better: such samples can't stand in one table.
 */
export function collectItems(records: readonly JournalItem[]): Results {
  const starts = records.filter((record) => record.type === 'experiment');
  const index = indexOf(records);
  const benchmarks = benchmarkNames(records).map((name) => benchmarkRow(name, records));
  return {
    experiment: starts.at(-1)?.experiment ?? null,
    starts,
    benchmarks,
    records,
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

interface Index {
  readonly samples: ReadonlyMap<string, SampleStretch[]>;
  readonly failures: ReadonlyMap<string, FailureRecord[]>;
  readonly skips: ReadonlyMap<string, string>;
  /** How many samples each run of a benchmark in a cell was to take. */
  readonly asked: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** The nominal confidence of a rule that ended its runs, whose intervals are its own. */
  readonly confidences: ReadonlyMap<string, number>;
  /** Which start of the experiment a failure belongs to, counted from 0. */
  readonly startOf: ReadonlyMap<FailureRecord, number>;
}

/** A key for a benchmark in a cell; a null benchmark stands for the cell itself. No name holds a newline. */
function key(cell: string, benchmark: string | null): string {
  return `${cell}\n${benchmark ?? ''}`;
}

function indexOf(records: readonly JournalItem[]): Index {
  const startOf = new Map<FailureRecord, number>();
  let start = 0;
  for (const record of records) {
    if (record.type === 'experiment') start += 1;
    if (record.type === 'failure') startOf.set(record, start);
  }
  return {
    samples: Map.groupBy(
      records.filter((record) => record.type === 'samples'),
      ({ cell, benchmark }) => key(cell, benchmark),
    ),
    failures: Map.groupBy(startOf.keys(), ({ cell, benchmark }) => key(cell, benchmark)),
    skips: new Map(
      records
        .filter((record) => record.type === 'skip')
        .map(({ cell, benchmark, reason }) => [key(cell, benchmark), reason]),
    ),
    asked: askedOf(records),
    confidences: new Map(
      records.flatMap((record) =>
        record.type === 'series' && record.rule !== undefined
          ? [[key(record.cell, record.benchmark), record.rule.confidence] as const]
          : [],
      ),
    ),
    startOf,
  };
}

function askedOf(records: readonly JournalItem[]): Index['asked'] {
  const series = Map.groupBy(
    records.filter((record) => record.type === 'series'),
    ({ cell, benchmark }) => key(cell, benchmark),
  );
  const runs = [...series].map(
    ([at, its]) => [at, new Map(its.map(({ run, sizes }) => [run, sizes['iterations'] ?? 0]))] as const,
  );
  const asked = new Map(runs);
  // The sizes of a run that a rule ends have the most that it takes: what it took at its target was all that it was to.
  for (const record of records) {
    if (record.type !== 'stop' || record.reason !== 'target reached') continue;
    asked.get(key(record.cell, record.benchmark))?.set(record.run, record.samples);
  }
  return asked;
}

/**
 * What was measured stands, whatever failed besides. Without a sample the benchmark's own failure tells why, then its
 * skip (it would have been skipped on a sound stack too), then the failure of the cell.
 */
function outcome(
  index: Index,
  cell: string,
  benchmark: string,
  cellFailures: readonly FailureRecord[],
): Outcome {
  const at = key(cell, benchmark);
  const failures = index.failures.get(at) ?? [];
  const [first, ...others] = index.samples.get(at) ?? [];
  if (first !== undefined) {
    const asked = index.asked.get(at) ?? new Map<number, number>();
    const total = [...asked.values()].reduce((sum, iterations) => sum + iterations, 0);
    // A series that was cut off has no failure of its own: what ended its cell is why.
    const taken = [first, ...others].reduce((sum, { columns }) => sum + columns.value.length, 0);
    const isCutOff = failures.length === 0 && taken < total;
    return measured([first, ...others], isCutOff ? cellFailures : failures, asked, index.confidences.get(at));
  }
  const skip = index.skips.get(at);
  if (failures.length === 0 && skip !== undefined) return { state: 'skipped', reason: skip };
  const cause = causeOf(failures, index) ?? causeOf(cellFailures, index);
  if (cause === undefined) return NOT_RUN;
  return { state: 'failed', reason: cause.message, kind: cause.kind, code: cause.code, failures };
}

/** The first failure of the newest start that had any: the others of that start follow from it as a rule. */
function causeOf(failures: readonly FailureRecord[], { startOf }: Index): FailureRecord | undefined {
  const newest = failures.at(-1);
  return newest && failures.find((failure) => startOf.get(failure) === startOf.get(newest));
}

function measured(
  stretches: readonly [SampleStretch, ...SampleStretch[]],
  failures: readonly FailureRecord[],
  asked: ReadonlyMap<number, number>,
  confidence: number | undefined,
): Measured {
  const runs = [...Map.groupBy(stretches, ({ run }) => run)]
    .toSorted(([one], [other]) => one - other)
    .map(([run, its]) => runOf(run, its, confidence));
  const [{ unit, better }] = stretches;
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
    best: bestOf(competing(runs, asked), better),
    failures,
  };
}

function runOf(run: number, stretches: readonly SampleStretch[], confidence: number | undefined): Run {
  const column = (name: keyof SampleStretch['columns']): number[] =>
    stretches.flatMap(({ columns }) => Array.from(columns[name]));
  const iterations = column('iteration');
  // They are in order as a rule, and then there is nothing to sort.
  const order = iterations.every((iteration, at) => at === 0 || iteration >= (iterations[at - 1] ?? 0))
    ? undefined
    : iterations
        .map((_, at) => at)
        .toSorted((one, other) => (iterations[one] ?? 0) - (iterations[other] ?? 0));
  const ordered = (numbers: number[]): number[] => order?.map((at) => numbers[at] ?? Number.NaN) ?? numbers;
  const values = ordered(column('value'));
  return {
    run,
    values,
    iterations: ordered(iterations),
    startedAt: ordered(column('startedAt')),
    stretches,
    statistics: statisticsOf(values, confidence),
  };
}

/** The whole runs, as the artifact leaves out others; where there is none, what there is. */
function competing(runs: readonly Run[], asked: ReadonlyMap<number, number>): readonly Run[] {
  const whole = runs.filter(({ run, values }) => values.length >= (asked.get(run) ?? 0));
  return whole.length > 0 ? whole : runs;
}

/** The best of the runs' averages; of two that are equal the earlier. */
function bestOf(runs: readonly Run[], better: Better): Measured['best'] {
  return runs
    .map(({ run, statistics }) => ({ run, value: statistics.mean }))
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

/** Level and configuration as the cell's name tells them. */
function placeOf(cell: string): Pick<CellResults, 'level' | 'configuration'> {
  const [, digit, configuration] = /^l(\d)-(.+)$/.exec(cell) ?? [];
  const level = LEVELS.find((one) => String(one) === digit);
  return level === undefined || configuration === undefined
    ? { level: null, configuration: cell }
    : { level, configuration };
}

function benchmarkRow(name: string, records: readonly JournalItem[]): BenchmarkRow {
  const measurements = records
    .filter((record) => record.type === 'samples' || record.type === 'series')
    .filter(({ benchmark }) => benchmark === name);
  const first = measurements[0];
  const other = measurements.find(({ unit, better }) => unit !== first?.unit || better !== first.better);
  if (first && other) {
    throw new InputError(
      'NESTBENCH_JOURNAL_DAMAGED',
      `The journal holds ${name} both in ${first.unit} (${first.better} is better, ${first.at}) and in ${other.unit} ` +
        `(${other.better} is better, ${other.at}): these can't be compared. Split it by its experiment records.`,
    );
  }
  const known = first ?? BENCHMARKS.find((benchmark) => benchmark.name === name);
  const series = measurements.filter((record) => record.type === 'series');
  return {
    name,
    unit: known?.unit ?? null,
    better: known?.better ?? null,
    loader: loaderOf(name, series),
    sizes: distinctSizes(series),
  };
}

function loaderOf(name: string, series: readonly SeriesRecord[]): string | null {
  const [loader, ...others] = new Set(series.map((record) => record.loader ?? null));
  if (others.length === 0) return loader ?? null;
  const named = [loader, ...others].map((each) => each ?? 'no loader named').join(' and ');
  throw new InputError(
    'NESTBENCH_JOURNAL_DAMAGED',
    `The journal holds ${name} loaded by ${named}: these can't be compared. Split it by its experiment records.`,
  );
}

function distinctSizes(series: readonly SeriesRecord[]): BenchmarkRow['sizes'] {
  return [...new Map(series.map(({ sizes }) => [JSON.stringify(sizes), sizes])).values()];
}
