/**
 * `summary.csv`: everything that was measured, or why it was not, as tidy data (one observation per row). A measured
 * benchmark has one row per run; a row with run `best`, which repeats the run whose mean is the artifact's number; a
 * row with run `all`, the mean over what is independent; and one row for each failure part way. The heading of a
 * half-width says whether it is the benchmark's, over boots, or only within one boot. A benchmark without a number has
 * one row with the reason. A cell whose stack failed has a row without a benchmark for each failure.
 */
import type { FailureRecord } from '../../fixtures/records.ts';
import type { MeanInterval } from '../statistics/mean-interval.ts';
import type { BenchmarkRow } from '../model/benchmark-row.ts';
import { INTERVAL_OF, isOverBoots } from '../analysis/interval-words.ts';
import type { CellResults, Outcome, Results, Run } from '../model/experiment-results.ts';
import type { Statistics } from '../../fixtures/statistics/statistics.ts';
import { firstLine } from '../model/text.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';

interface Row {
  readonly cell: CellResults;
  /** Absent when the cell's stack failed rather than a benchmark. */
  readonly benchmark?: BenchmarkRow;
  readonly outcome: Outcome['state'];
  readonly run?: number | 'best' | 'all' | undefined;
  readonly statistics?: Omit<Statistics, 'halfWidth'>;
  readonly interval?: Pick<MeanInterval, 'mean' | 'halfWidth' | 'of'>;
  readonly code?: string;
  readonly reason?: string;
}

const COLUMNS: Columns<Row> = {
  ...CELL_COLUMNS,
  benchmark: ({ benchmark }) => benchmark?.name,
  unit: ({ benchmark }) => benchmark?.unit,
  better: ({ benchmark }) => benchmark?.better,
  loader: ({ benchmark }) => benchmark?.loader,
  storage: ({ benchmark }) => benchmark?.storage,
  run: ({ run }) => run,
  n: ({ statistics }) => statistics?.n,
  mean: ({ interval }) => interval?.mean,
  standard_deviation: ({ statistics }) => statistics?.standardDeviation,
  half_width_95: ({ interval }) => (interval && isOverBoots(interval.of) ? interval.halfWidth : null),
  half_width_within_one_boot: ({ interval }) =>
    interval && !isOverBoots(interval.of) ? interval.halfWidth : null,
  interval_of: ({ interval }) =>
    interval === undefined || interval.halfWidth === null ? null : INTERVAL_OF[interval.of],
  min: ({ statistics }) => statistics?.min,
  max: ({ statistics }) => statistics?.max,
  outcome: ({ outcome }) => outcome,
  code: ({ code }) => code,
  reason: ({ reason }) => reason && firstLine(reason),
};

export const summary = textFile('summary.csv', (results) => csv(summaryRows(results), COLUMNS));

function summaryRows({ cells, benchmarks }: Results): Row[] {
  return cells.flatMap((cell) => [
    ...cell.failures.map((failure) => failureRow({ cell }, failure)),
    ...benchmarks.flatMap((benchmark) => {
      const outcome = cell.outcomes.get(benchmark.name);
      return outcome === undefined ? [] : outcomeRows({ cell, benchmark }, outcome);
    }),
  ]);
}

type Place = Pick<Row, 'cell' | 'benchmark'>;

function outcomeRows(place: Place, outcome: Outcome): Row[] {
  if (outcome.state === 'measured') {
    const rowOf = ({ run, parts, statistics }: Run, name: number | 'best' = run): Row => ({
      ...place,
      outcome: 'measured',
      run: name,
      statistics,
      // Iterations on several boots are not independent, and the mean is the artifact's, over all of them.
      interval: {
        mean: statistics.mean,
        halfWidth: parts.length > 1 ? null : statistics.halfWidth,
        of: 'iterations',
      },
    });
    const { statistics, interval } = outcome;
    return [
      ...outcome.runs.map((run) => rowOf(run)),
      ...outcome.runs.filter(({ run }) => run === outcome.best.run).map((run) => rowOf(run, 'best')),
      { ...place, outcome: 'measured', run: 'all', statistics, interval },
      ...outcome.failures.map((failure) => failureRow(place, failure)),
    ];
  }
  if (outcome.state === 'failed') {
    return outcome.failures.length === 0
      ? [{ ...place, outcome: 'failed', code: outcome.code, reason: outcome.reason }]
      : outcome.failures.map((failure) => failureRow(place, failure));
  }
  return [{ ...place, outcome: outcome.state, reason: outcome.reason }];
}

function failureRow(place: Place, { run, code, message }: FailureRecord): Row {
  return { ...place, outcome: 'failed', run, code, reason: message };
}
