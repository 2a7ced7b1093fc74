/** A series of kernels for a terminal: a row for each operation, a column for each kernel. */
import type { SeriesFile } from '../../fixtures/kernel-steps.ts';
import { textTable } from '../../setup/lib/text-table.ts';
import { inPercent } from '../analysis/kernel-changes.ts';
import { seriesRows } from '../analysis/series-rows.ts';
import { formatCost } from '../model/numbers.ts';

export function seriesText(content: SeriesFile): string {
  const { plan, steps } = content;
  const table = textTable(
    [
      ['cell', 'operation', ...plan.revisions.map(({ name }) => name), 'change'],
      ...seriesRows(content).map(({ cell, benchmark, costs, change }) =>
        [
          [cell, benchmark],
          costs.map((cost) => (cost === null ? '-' : formatCost(cost))),
          [change === null ? '' : inPercent(change)],
        ].flat(),
      ),
    ],
    { right: (column) => column > 1 },
  );
  const skipped = steps.flatMap((step) => {
    if (step.state === 'measured') return [];
    const what = step.during === 'build' ? 'does not build' : `not measured in ${step.cell}`;
    return [`  ${plan.revisions[step.position]?.name}: ${what}: ${step.reason.split('\n', 1)[0]}`];
  });
  return [
    'Instructions of one operation, and the change from the first kernel to the last:',
    '',
    ...table,
    ...(skipped.length === 0 ? [] : ['', 'Skipped:', ...skipped]),
  ].join('\n');
}
