/** Exit multiplication as a terminal table. */
import { type Level, LEVELS } from '../../fixtures/matrix.ts';
import type { ExitCost, ExitCosts } from '../analysis/exit-costs.ts';
import { type Column, type Paint, tableBlocks, wordColumn } from './columns.ts';

/** Blocks of lines: operations down, levels across. None if no microbenchmark was measured. */
export function exitCostTable(all: readonly ExitCosts[], columns: number, paint: Paint): string[][] {
  if (all.length === 0) return [];
  const several = new Set(all.map(({ configuration }) => configuration)).size > 1;
  const labels = [
    wordColumn(
      'one operation',
      all.map(({ configuration, benchmark }) => ({
        text: several ? `${benchmark}, ${configuration}` : benchmark,
        role: 'heading',
      })),
      'left',
    ),
    wordColumn(
      '',
      all.map(({ unit }) => ({ text: unit, role: 'detail' })),
      'left',
    ),
  ];
  const shown = (['measured', 'paper'] as const).flatMap((side) =>
    LEVELS.filter((level) => all.some((row) => costAt(row[side], level) !== undefined)).map((level) =>
      levelColumn(side === 'paper' ? `paper L${level}` : `L${level}`, all, (row) => costAt(row[side], level)),
    ),
  );
  return tableBlocks(labels, shown, columns, paint);
}

function costAt(costs: readonly ExitCost[], level: Level): ExitCost | undefined {
  return costs.find((cost) => cost.level === level);
}

function levelColumn(
  heading: string,
  rows: readonly ExitCosts[],
  costOf: (row: ExitCosts) => ExitCost | undefined,
): Column {
  const costs = rows.map(costOf);
  const times = costs.map((cost) => (cost?.times ? `${cost.times.toFixed(1)}x` : ''));
  const width = Math.max(0, ...times.map(({ length }) => length));
  return wordColumn(
    heading,
    costs.map((cost, row) => {
      const text = cost === undefined ? '' : Math.round(cost.cost).toLocaleString('en-US');
      return { text: width === 0 ? text : `${text} ${(times[row] ?? '').padStart(width)}`, role: 'value' };
    }),
    'right',
  );
}
