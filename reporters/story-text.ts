/** The story for a terminal. */
import { blockText, type Column, type Role, tableBlocks, widest, wordColumn } from './columns.ts';
import { EXIT_COSTS_LEGEND, exitCostTable } from './exit-costs.ts';
import { CONTENTION_MARK } from './fairness.ts';
import { formatMean, formatOverhead } from './numbers.ts';
import { UNEVEN_MARK } from './overhead.ts';
import { OVERLAP_MARK } from './overlap.ts';
import { painter } from './paint.ts';
import type { Story, StoryEntry } from './story.ts';
import type { TableOptions } from './terminal-table.ts';
import { wrap } from './text.ts';

/**
 * As text, without a newline at its end. Means stand with their intervals where all of it fits beside each other;
 * else a cell shows its overhead alone, or its mean where it has none.
 */
export function storyText(story: Story, { columns, colours }: TableOptions): string {
  const paint = painter(colours);
  const { experiment, facts, rows, troubles, skipped } = story;
  const costs = exitCostTable(story.exitCosts, columns, paint);
  const tables = [true, false].map((whole) =>
    tableBlocks([cells(story)], measured(story, whole), columns, paint),
  );
  const blocks = tables.find((table) => table.length <= 1) ?? tables[1] ?? [];
  const legend = blocks === tables[0] ? story.intervals.concat(story.legend) : story.legend;
  return [
    wrap(`${experiment}: ${facts.join('; ')}`, columns, '  ', ''),
    ...(rows.length === 0 && costs.length === 0 ? ['Nothing was measured.'] : []),
    ...(rows.length === 0 ? [] : blocks.map(blockText)),
    ...(legend.length === 0 ? [] : [paint('aside', wrap(legend.join('; '), columns, '  ', ''))]),
    ...costs.map(blockText),
    ...(costs.length === 0 ? [] : [paint('aside', wrap(EXIT_COSTS_LEGEND, columns, '  ', ''))]),
    ...troubles.map((text) => paint('failed', wrap(text, columns, '  ', ''))),
    ...(skipped.length === 0
      ? []
      : [paint('aside', wrap(`skipped: ${skipped.join('; ')}`, columns, '  ', ''))]),
  ].join('\n');
}

function cells({ rows }: Story): Column {
  const names = rows.map(({ cell }) => ({ text: cell, role: 'heading' as const }));
  return wordColumn('', [{ text: '', role: 'aside' }, ...names], 'left');
}

function measured({ benchmarks, rows }: Story, whole: boolean): Column[] {
  return benchmarks.map(({ name, unit }, index) => {
    const entries = rows.map(({ entries: its }) => its[index] ?? { state: 'missing' as const });
    const shown = whole
      ? wholeTexts(entries)
      : entries.map((entry) => ({ text: shortText(entry), role: roleOf(entry) }));
    return wordColumn(name, [{ text: unit, role: 'aside' }, ...shown], 'right');
  });
}

/** `2.3x`, or the mean where there is no overhead. */
export function shortText(entry: StoryEntry): string {
  if (entry.state !== 'measured') return entry.state === 'missing' ? '' : entry.state;
  const { mean, halfWidth, overhead } = entry;
  const text = overhead === null ? formatMean({ mean, halfWidth }).mean : overheadText(overhead, entry);
  return text + flagsOf(entry);
}

/** What a reader has to know of a number, behind it. */
export function flagsOf(entry: StoryEntry): string {
  if (entry.state !== 'measured') return '';
  return (
    (entry.failedPartWay ? '!' : '') +
    (entry.isOverlapping ? OVERLAP_MARK : '') +
    (entry.isBesideOthers ? CONTENTION_MARK : '')
  );
}

/** With a mark before it and one behind it for what makes it doubtful. */
function overheadText(
  overhead: number,
  { mark, uneven }: { readonly mark: string; readonly uneven: boolean },
): string {
  return mark + formatOverhead(overhead) + (uneven ? UNEVEN_MARK : '');
}

/** Which of an entry's parts is the half-width of its interval. */
const HALF_WIDTH = 1;

/** `802 ± 27 (2.8x)`, parts below parts. */
function wholeTexts(entries: readonly StoryEntry[]): { text: string; role: Role }[] {
  const parts = entries.map((entry) => {
    if (entry.state !== 'measured') return ['', '', ''];
    const { mean, halfWidth } = formatMean(entry);
    const overhead = entry.overhead === null ? '' : `(${overheadText(entry.overhead, entry)})`;
    return [mean, halfWidth ?? '', overhead];
  });
  const widths = [0, 1, 2].map((part) => widest(parts.map((texts) => texts[part] ?? '')));
  return entries.map((entry, row) => {
    if (entry.state !== 'measured') return { text: shortText(entry), role: roleOf(entry) };
    const texts = (parts[row] ?? []).flatMap((text, part) => {
      const width = widths[part] ?? 0;
      if (width === 0) return [];
      const padded = text.padStart(width);
      return part === HALF_WIDTH ? `${text === '' ? ' ' : '±'} ${padded}` : padded;
    });
    return { text: texts.join(' ') + flagsOf(entry), role: roleOf(entry) };
  });
}

function roleOf(entry: StoryEntry): Role {
  if (entry.state === 'measured') return flagsOf(entry) === '' ? 'value' : 'failed';
  return entry.state === 'failed' ? 'failed' : 'aside';
}
