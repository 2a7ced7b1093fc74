/** Exits at L0 as a terminal table. */
import { EXITS } from '../../fixtures/kvm-counters.ts';
import { type ExitRates, exitRates } from '../analysis/exits.ts';
import { formatMean } from '../model/numbers.ts';
import type { Results } from '../model/experiment-results.ts';
import { type Column, type Paint, tableBlocks, wordColumn } from './columns.ts';

/** Blocks of lines: benchmarks down, cells across, with exits per operation and per second. */
export function exitTable(results: Results, columns: number, paint: Paint): string[][] {
  const all = exitRates(results);
  const rows = [...new Map(all.map(({ benchmark, operation }) => [benchmark, operation]))];
  const cells = [...new Set(all.map(({ cell }) => cell))];
  const labels = [
    wordColumn(
      '',
      rows.map(([text]) => ({ text, role: 'value' })),
      'left',
    ),
    wordColumn(
      '',
      rows.map(([, operation]) => ({ text: operation === null ? '' : `per ${operation}`, role: 'detail' })),
      'left',
    ),
  ];
  const shown = cells.map((cell): Column => {
    const texts = rows.map(([benchmark]) => {
      const rates = all.find((one) => one.cell === cell && one.benchmark === benchmark);
      return { text: rates === undefined ? '' : entry(rates), role: 'value' as const };
    });
    return wordColumn(cell.name, texts, 'right');
  });
  return tableBlocks(labels, shown, columns, paint);
}

function entry({ counters }: ExitRates): string {
  const exits = counters.find(({ name }) => name === EXITS);
  if (exits === undefined) return '';
  const { perOperation, perSecond } = exits;
  const each = perOperation === null ? '' : `${inDigits(perOperation)} `;
  return `${each}(${inDigits(perSecond)}/s)`;
}

/** Four significant digits, the same as for means without an interval. */
function inDigits(value: number): string {
  return formatMean({ mean: value, halfWidth: null }).mean;
}
