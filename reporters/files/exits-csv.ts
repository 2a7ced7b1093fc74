/**
 * `exits.csv`: what KVM on L0 counted during the samples, one row for each counter, benchmark and cell, per second and
 * per operation. Cells without guests have no rows.
 */
import { exitRates, type ExitRates } from '../analysis/exits.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';

type Row = Omit<ExitRates, 'counters'> & { readonly counter: ExitRates['counters'][number] };

const COLUMNS: Columns<Row> = {
  ...CELL_COLUMNS,
  benchmark: ({ benchmark }) => benchmark,
  n: ({ n }) => n,
  counter: ({ counter }) => counter.name,
  per_second: ({ counter }) => counter.perSecond,
  operation: ({ operation }) => operation,
  per_operation: ({ counter }) => counter.perOperation,
};

export const exitsFile = textFile('exits.csv', (results) => exitsCsv(exitRates(results)));

/**
 * @param only keeps only the rows of this counter.
 */
export function exitsCsv(rates: readonly ExitRates[], only?: string): string {
  const rows = rates.flatMap(({ cell, benchmark, n, operation, counters }) =>
    counters
      .filter(({ name }) => only === undefined || name === only)
      .map((counter): Row => ({ cell, benchmark, n, operation, counter })),
  );
  return csv(rows, COLUMNS);
}
