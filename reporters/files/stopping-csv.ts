/**
 * `stopping.csv`: the stopping rule of each series that has one, and why the series ended. Not written without such
 * series.
 */
import { type Stopping, stoppingOf } from '../analysis/stopping.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';

const COLUMNS: Columns<Stopping> = {
  ...CELL_COLUMNS,
  benchmark: ({ benchmark }) => benchmark,
  run: ({ run }) => run,
  target: ({ rule }) => rule.target,
  nominal_confidence: ({ rule }) => rule.confidence,
  least: ({ rule }) => rule.least,
  most: ({ rule }) => rule.most,
  samples: ({ stop }) => stop?.samples,
  half_width_share: ({ stop }) => stop?.halfWidth,
  stopped: ({ stop }) => stop?.reason ?? 'cut short',
  doubt: ({ stop }) => stop?.doubt,
};

export const stoppingFile = textFile('stopping.csv', (results) => {
  const rows = stoppingOf(results);
  return rows.length === 0 ? null : csv(rows, COLUMNS);
});
