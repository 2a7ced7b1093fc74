/**
 * The model of an experiment: what came of every benchmark in every cell. Made from the journal's records alone, of
 * all starts together, and pure; tables, figures and files are made from it.
 */
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { CELLS, LEVELS, type Level } from '../../fixtures/matrix.ts';
import type { ExperimentRecord, FailureRecord, JournalRecord } from '../../fixtures/records.ts';
import { type MeanInterval, meanInterval } from '../statistics/mean-interval.ts';
import { type Statistics, statisticsOf } from '../../fixtures/statistics/statistics.ts';
import { type BenchmarkRow, benchmarkRow, type Better } from './benchmark-row.ts';
import { causeOf, indexOf, type JournalIndex, key, runKey } from './journal-index.ts';
import { overlapRemarks } from './overlap.ts';
import { inStretches, type JournalItem, type SampleStretch } from './measured-series.ts';

/** One run of a benchmark in a cell that gave at least one sample. */
export interface Run {
  /** The run's number in the journal. A run of which no sample came leaves a gap. */
  readonly run: number;
  /** Which boot of the cell it was measured on, counted from 1 in this journal; null where the journal has none. */
  readonly boot: number | null;
  /** The snapshot that the boot was restored from; null where it was booted. */
  readonly snapshot: string | null;
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
  /** Of the samples of all runs together, which are not independent: {@link interval} says how far the mean is known. */
  readonly statistics: Omit<Statistics, 'halfWidth'>;
  /** Of the mean, over what is independent: boots before runs before iterations. */
  readonly interval: MeanInterval;
  /**
   * The artifact's number: the best of the runs' averages, and the run that gave it, cut short or not. It is the better the
   * more runs it is the best `of`.
   */
  readonly best: { readonly run: number; readonly value: number; readonly of: number };
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
  /** What a reader has to know of all numbers together, in sentences. */
  readonly remarks: readonly string[];
}

const UNKNOWN_BOOT = { boot: null, snapshot: null };

const NOT_RUN: Missing = { state: 'missing', reason: 'not run' };

/** What came of a benchmark in a cell; `missing` for a cell or benchmark that there is not. */
export function outcomeOf(results: Results, cell: string, benchmark: string): Outcome {
  return results.cells.find(({ name }) => name === cell)?.outcomes.get(benchmark) ?? NOT_RUN;
}

/**
 * The model of a journal.
 * @throws {InputError} NESTBENCH_JOURNAL_DAMAGED where one benchmark was recorded in two units, or with two ideas of
 * which way is better: such samples can't stand in one table.
 */
export function collectResults(journal: Iterable<JournalRecord>): Results {
  const records = inStretches(journal);
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
 * What was measured stands, whatever failed besides. Without a sample the benchmark's own failure tells why, then its
 * skip (it would have been skipped on a sound stack too), then the failure of the cell.
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
    const asked = index.asked.get(at) ?? new Map<number, number>();
    const total = [...asked.values()].reduce((sum, iterations) => sum + iterations, 0);
    // A series that was cut off has no failure of its own: what ended its cell is why.
    const taken = [first, ...others].reduce((sum, { columns }) => sum + columns.value.length, 0);
    const isCutOff = failures.length === 0 && taken < total;
    return measured([first, ...others], {
      failures: isCutOff ? cellFailures : failures,
      asked,
      confidence: index.confidences.get(at),
      bootOf: (run) => index.boots.get(runKey({ cell, benchmark, run })) ?? UNKNOWN_BOOT,
    });
  }
  const skip = index.skips.get(at);
  if (failures.length === 0 && skip !== undefined) return { state: 'skipped', reason: skip };
  const cause = causeOf(failures, index) ?? causeOf(cellFailures, index);
  if (cause === undefined) return NOT_RUN;
  return { state: 'failed', reason: cause.message, kind: cause.kind, code: cause.code, failures };
}

function measured(
  stretches: readonly [SampleStretch, ...SampleStretch[]],
  known: {
    readonly failures: readonly FailureRecord[];
    readonly asked: ReadonlyMap<number, number>;
    readonly confidence: number | undefined;
    readonly bootOf: (run: number) => Pick<Run, 'boot' | 'snapshot'>;
  },
): Measured {
  const { failures, asked, confidence, bootOf } = known;
  const runs = [...Map.groupBy(stretches, ({ run }) => run)]
    .toSorted(([one], [other]) => one - other)
    .map(([run, its]) => runOf(run, bootOf(run), its, confidence));
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
    interval: meanInterval(runs, confidence),
    best: bestOf(competing(runs, asked), better),
    failures,
  };
}

/** A column of all stretches; of one, as a run has as a rule, without a list in between. */
function joined(
  stretches: readonly SampleStretch[],
  name: keyof SampleStretch['columns'],
): readonly number[] {
  const [first, ...others] = stretches;
  return others.length === 0 && first !== undefined
    ? first.columns[name]
    : stretches.flatMap(({ columns }) => columns[name]);
}

function runOf(
  run: number,
  boot: Pick<Run, 'boot' | 'snapshot'>,
  stretches: readonly SampleStretch[],
  confidence: number | undefined,
): Run {
  const column = (name: keyof SampleStretch['columns']): readonly number[] => joined(stretches, name);
  const iterations = column('iteration');
  // They are in order as a rule, and then there is nothing to sort.
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
    ...boot,
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

/** Level and configuration as the cell's name tells them. */
function placeOf(cell: string): Pick<CellResults, 'level' | 'configuration'> {
  const [, digit, configuration] = /^l(\d)-(.+)$/.exec(cell) ?? [];
  const level = LEVELS.find((one) => String(one) === digit);
  return level === undefined || configuration === undefined
    ? { level: null, configuration: cell }
    : { level, configuration };
}
