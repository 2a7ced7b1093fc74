/**
 * `breakdown.csv`: what each mechanism of direct virtual hardware brings, one row for each step of a benchmark at a
 * level. Written only if a step was measured that no matrix has.
 */
import { levelName } from '../../fixtures/levels.ts';
import { breakdown, type BreakdownRow, type BreakdownStep } from '../analysis/breakdown.ts';
import type { Results } from '../model/experiment-results.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';

const COLUMNS: Columns<{ readonly row: BreakdownRow; readonly step: BreakdownStep }> = {
  benchmark: ({ row }) => row.benchmark,
  level: ({ row }) => levelName(row.level),
  cell: ({ step }) => step.cell,
  step: ({ step }) => step.adds,
  unit: ({ row }) => row.unit,
  mean: ({ step }) => step.mean,
  times_better_than_the_step_before: ({ step }) => step.gain?.times,
  low_95: ({ step }) => step.gain?.interval?.low,
  high_95: ({ step }) => step.gain?.interval?.high,
  operation: ({ row }) => row.operation,
  exits_per_operation: ({ step }) => step.exits,
};

export const breakdownFile = textFile('breakdown.csv', breakdownCsv);

export function breakdownCsv(results: Results): string | null {
  const rows = breakdown(results);
  if (rows.length === 0) return null;
  return csv(
    rows.flatMap((row) => row.steps.map((step) => ({ row, step }))),
    COLUMNS,
  );
}
