/** The summary for a terminal. */
import { blockText, type Column, type Role, tableBlocks, widest, wordColumn } from './columns.ts';
import { breakdownLegend, breakdownTable } from './breakdown-table.ts';
import { exitCostsLegend } from '../analysis/exit-costs.ts';
import { exitCostTable } from './exit-costs-table.ts';
import { type Entry, entryTexts } from './grid.ts';
import { markedOverhead, markedSamples } from '../analysis/marks.ts';
import { formatMean } from '../model/numbers.ts';
import { painter } from './paint.ts';
import type { Summary, SummaryEntry } from '../analysis/summary.ts';
import type { TableOptions } from './terminal-table.ts';
import { wrap } from '../model/text.ts';

/**
 * The text, without a trailing newline. Means have their intervals if everything fits side by side; otherwise a cell
 * only shows its overhead, or its mean without one.
 */
export function summaryText(summary: Summary, { columns, colours }: TableOptions): string {
  const paint = painter(colours);
  const { experiment, facts, rows, troubles, skipped } = summary;
  const costs = exitCostTable(summary.exitCosts, columns, paint);
  const tables = [true, false].map((whole) =>
    tableBlocks([cells(summary)], measured(summary, whole), columns, paint),
  );
  const blocks = tables.find((table) => table.length <= 1) ?? tables[1] ?? [];
  const legend = blocks === tables[0] ? summary.intervals.concat(summary.legend) : summary.legend;
  return [
    wrap(`${experiment}: ${facts.join('; ')}`, columns, '  ', ''),
    ...(rows.length === 0 && costs.length === 0 ? ['Nothing was measured.'] : []),
    ...(rows.length === 0 ? [] : blocks.map(blockText)),
    ...(legend.length === 0 ? [] : [paint('detail', wrap(legend.join('; '), columns, '  ', ''))]),
    ...breakdownTable(summary.breakdown, columns, paint).map(blockText),
    ...breakdownLegend(summary.breakdown).map((line) => paint('detail', wrap(line, columns, '  ', ''))),
    ...costs.map(blockText),
    ...exitCostsLegend(summary.exitCosts).map((line) => paint('detail', wrap(line, columns, '  ', ''))),
    ...troubles.map((text) => paint('failed', wrap(text, columns, '  ', ''))),
    ...(skipped.length === 0
      ? []
      : [paint('detail', wrap(`skipped: ${skipped.join('; ')}`, columns, '  ', ''))]),
  ].join('\n');
}

function cells({ rows }: Summary): Column {
  const names = rows.map(({ cell }) => ({ text: cell, role: 'heading' as const }));
  return wordColumn('', [{ text: '', role: 'detail' }, ...names], 'left');
}

function measured({ benchmarks, rows }: Summary, whole: boolean): Column[] {
  return benchmarks.map(({ name, unit }, index) => {
    const entries = rows.map(({ entries: its }) => its[index] ?? { state: 'missing' as const });
    const shown = whole ? entryTexts(entries.map(entryOf)) : shortTexts(entries);
    return wordColumn(name, [{ text: unit, role: 'detail' }, ...shown], 'right');
  });
}

/** `2.3x`, or the mean without an overhead, followed by marks. */
export function shortText(entry: SummaryEntry): string {
  return withoutFlags(entry) + flagsOf(entry);
}

/** The same for a column: marks follow the numbers, and digits line up. */
function shortTexts(entries: readonly SummaryEntry[]): { text: string; role: Role }[] {
  const width = widest(entries.map(flagsOf));
  return entries.map((entry) => ({
    text: withoutFlags(entry) + (entry.state === 'measured' ? flagsOf(entry).padEnd(width) : ''),
    role: roleOf(entry),
  }));
}

function withoutFlags(entry: SummaryEntry): string {
  if (entry.state !== 'measured') return entry.state === 'missing' ? '' : entry.state;
  const { mean, halfWidth, overhead, marks } = entry;
  return overhead === null ? formatMean({ mean, halfWidth }).mean : markedOverhead(overhead, marks);
}

function flagsOf(entry: SummaryEntry): string {
  return entry.state === 'measured' ? markedSamples(entry.marks) : '';
}

/** `802 ± 27 (2.8x)`, or a word without a number. */
function entryOf(entry: SummaryEntry): Entry {
  if (entry.state !== 'measured') return { word: shortText(entry), role: roleOf(entry) };
  const { mean, halfWidth } = formatMean(entry);
  const { overhead, marks } = entry;
  return {
    mean,
    halfWidth: halfWidth ?? '',
    overhead: overhead === null ? '' : `(${markedOverhead(overhead, marks)})`,
    mark: markedSamples(marks),
  };
}

function roleOf(entry: SummaryEntry): Role {
  if (entry.state === 'measured') return flagsOf(entry) === '' ? 'value' : 'failed';
  return entry.state === 'failed' ? 'failed' : 'detail';
}
