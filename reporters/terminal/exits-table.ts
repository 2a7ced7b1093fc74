/** Exits at L0 as a terminal table. */
import { EXITS } from '../../fixtures/kvm-counters.ts';
import { type ExitRates, exitRates } from '../analysis/exits.ts';
import { formatValue } from '../model/numbers.ts';
import type { Results } from '../model/experiment-results.ts';
import { type Paint, tableBlocks, wordColumn } from './columns.ts';

/** Blocks of lines: benchmarks down, cells across, with exits per operation and per second. */
export function exitTable(results: Results, columns: number, paint: Paint): string[][] {
  const all = exitRates(results);
  const rows = [...new Map(all.map(({ benchmark, operation }) => [benchmark, operation]))];
  const cells = [...new Set(all.map(({ cell }) => cell))];
  const labels = [
    wordColumn(
      '',
      rows.map(([benchmark]) => benchmark),
      'left',
    ),
    wordColumn(
      '',
      rows.map(([, operation]) => ({ text: operation === null ? '' : `per ${operation}`, role: 'detail' })),
      'left',
    ),
  ];
  const shown = cells.map((cell) => {
    const texts = rows.map(([benchmark]) => {
      const rates = all.find((one) => one.cell === cell && one.benchmark === benchmark);
      return rates === undefined ? '' : entry(rates);
    });
    return wordColumn(cell.name, texts, 'right');
  });
  return tableBlocks(labels, shown, columns, paint);
}

function entry({ counters }: ExitRates): string {
  const exits = counters.find(({ name }) => name === EXITS);
  if (exits === undefined) return '';
  const { perOperation, perSecond } = exits;
  const each = perOperation === null ? '' : `${formatValue(perOperation)} `;
  return `${each}(${formatValue(perSecond)}/s)`;
}
