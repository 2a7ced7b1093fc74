/**
 * `table-4.csv`: the absolute numbers, for every benchmark in every cell the best of its runs' averages. Without a
 * number, the field is empty and `reason` says why.
 */
import { isPaperCell } from '../../fixtures/matrix.ts';
import { applicationsOf } from '../model/applications.ts';
import type { BenchmarkRow } from '../model/benchmark-row.ts';
import type { CellResults, Outcome, Results } from '../model/experiment-results.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';
import { reasonOf } from '../analysis/reason.ts';

interface Row {
  readonly benchmark: BenchmarkRow;
  readonly cell: CellResults;
  readonly outcome: Outcome;
}

const COLUMNS: Columns<Row> = {
  benchmark: ({ benchmark }) => benchmark.name,
  ...CELL_COLUMNS,
  best: ({ outcome }) => (outcome.state === 'measured' ? outcome.best.value : null),
  unit: ({ benchmark }) => benchmark.unit,
  better: ({ benchmark }) => benchmark.better,
  loader: ({ benchmark }) => benchmark.loader,
  storage: ({ benchmark }) => benchmark.storage,
  reason: ({ outcome }) => reasonOf(outcome),
};

export const table4 = textFile('table-4.csv', (results) => table4Csv(results));

export function table4Csv(results: Results): string {
  const rows = applicationsOf(results).flatMap((benchmark) =>
    results.cells.flatMap((cell) => {
      const outcome = cell.outcomes.get(benchmark.name);
      return outcome === undefined || !isPaperCell(cell.name) ? [] : { benchmark, cell, outcome };
    }),
  );
  return csv(rows, COLUMNS);
}
