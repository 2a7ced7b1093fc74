/** Exit multiplication as a terminal table. */
import { type ExitCostColumn, exitCostColumns, type ExitCosts } from '../analysis/exit-costs.ts';
import { formatCost } from '../model/numbers.ts';
import { type Column, type Paint, tableBlocks, wordColumn } from './columns.ts';

/**
 * Blocks of lines: operations down, levels across. If not all columns fit side by side, the paper's are below. None if
 * no microbenchmark was measured.
 */
export function exitCostTable(all: readonly ExitCosts[], columns: number, paint: Paint): string[][] {
  const shown = exitCostColumns(all);
  const blocksOf = (rows: readonly ExitCosts[], its: readonly ExitCostColumn[], unit?: string): string[][] =>
    tableBlocks(
      labelsOf(rows, unit),
      its.map((column) => costColumn(column, rows)),
      columns,
      paint,
    );
  const whole = blocksOf(all, shown);
  if (whole.length <= 1) return whole;
  const published = all.filter(({ paper }) => paper.length > 0);
  const of = (side: ExitCostColumn['side']) => shown.filter((column) => column.side === side);
  return [...blocksOf(all, of('measured')), ...blocksOf(published, of('paper'), 'cycles')];
}

function labelsOf(rows: readonly ExitCosts[], unit?: string): Column[] {
  return [
    wordColumn(
      'one operation',
      rows.map(({ benchmark }) => ({ text: benchmark, role: 'heading' })),
      'left',
    ),
    wordColumn(
      '',
      rows.map((row) => ({ text: unit ?? row.unit, role: 'detail' })),
      'left',
    ),
  ];
}

function costColumn({ side, heading, costOf }: ExitCostColumn, rows: readonly ExitCosts[]): Column {
  const costs = rows.map(costOf);
  const times = costs.map((cost) => (cost?.times ? `${cost.times.toFixed(1)}x` : ''));
  const width = Math.max(0, ...times.map(({ length }) => length));
  return wordColumn(
    side === 'paper' ? `paper ${heading}` : heading,
    costs.map((cost, row) => {
      const text = cost === undefined ? '' : formatCost(cost.cost);
      return { text: width === 0 ? text : `${text} ${(times[row] ?? '').padStart(width)}`, role: 'value' };
    }),
    'right',
  );
}
