/** What each mechanism of direct virtual hardware brings, as a table of the page. */
import { levelName } from '../../fixtures/levels.ts';
import type { BreakdownRow } from '../analysis/breakdown.ts';
import { formatValue } from '../model/numbers.ts';
import { dataTable, number } from './data-table.ts';
import type { Html } from './html.ts';

export function breakdownData(rows: readonly BreakdownRow[]): Html {
  const all = rows.flatMap((row) => row.steps.map((step) => ({ row, step })));
  return dataTable(
    'What each step brings: its mean, how many times better it is than the step before, the interval of that over boots, and exits at L0 for one operation',
    all,
    [
      { heading: 'benchmark', cell: ({ row }) => row.benchmark },
      { heading: 'level', cell: ({ row }) => levelName(row.level) },
      { heading: 'step', cell: ({ step }) => step.adds },
      { heading: 'mean', cell: ({ step }) => number(step.mean, formatValue), isNumber: true },
      { heading: 'unit', cell: ({ row }) => row.unit },
      { heading: 'times better', cell: ({ step }) => number(step.gain?.times, times), isNumber: true },
      { heading: '95 % from', cell: ({ step }) => number(step.gain?.interval?.low, times), isNumber: true },
      { heading: 'to', cell: ({ step }) => number(step.gain?.interval?.high, times), isNumber: true },
      { heading: 'exits', cell: ({ step }) => number(step.exits, formatValue), isNumber: true },
      { heading: 'for one', cell: ({ row }) => row.operation },
    ],
  );
}

function times(gain: number): string {
  return gain.toFixed(2);
}
