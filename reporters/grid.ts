/** The grid of numbers: benchmarks down, cells across, in blocks of as many cells as the terminal is wide. */
import { applicationsOf } from './applications.ts';
import { type Column, type Paint, type Role, tableBlocks, widest, wordColumn } from './columns.ts';
import { CONTENTION_MARK, isBesideOthers } from './fairness.ts';
import { formatMean, formatOverhead } from './numbers.ts';
import { isUneven, overheadOf, UNEVEN_MARK } from './overhead.ts';
import { OVERLAP_MARK, overlapping } from './overlap.ts';
import { type CellResults, outcomeOf, type Results } from './results.ts';
import { markAcross } from './stack-states.ts';

/** What one benchmark shows in one cell: numbers, each set under the others of its kind, or a word. */
type Entry =
  | { readonly mean: string; readonly halfWidth: string; readonly overhead: string; readonly mark: string }
  | { readonly word: string; readonly role: Role };

/**
 * A block of lines for as many cells as fit into `columns` characters, at least one. Benchmarks that gave neither a
 * sample nor a failure of their own have no row, and cells in which nothing was measured or failed have no column.
 */
export function grid(results: Results, columns: number, paint: Paint): string[][] {
  const benchmarks = applicationsOf(results).filter(({ name }) =>
    results.cells.some(({ outcomes }) => hasOwnOutcome(outcomes, name)),
  );
  const names = applicationsOf(results).map(({ name: its }) => its);
  const cells = results.cells.filter((cell) => isShown(cell, names));
  if (benchmarks.length === 0) return [];
  const name = wordColumn(
    '',
    benchmarks.map((benchmark) => ({ text: benchmark.name, role: 'value' })),
    'left',
  );
  const unit = wordColumn(
    '',
    benchmarks.map((benchmark) => ({ text: benchmark.unit ?? '', role: 'aside' })),
    'left',
  );
  const shown = cells.map((cell) =>
    column(
      cell.name,
      benchmarks.map((benchmark) => entry(results, cell.name, benchmark.name)),
    ),
  );
  return tableBlocks([name, unit], shown, columns, paint);
}

function hasOwnOutcome(outcomes: CellResults['outcomes'], benchmark: string): boolean {
  const outcome = outcomes.get(benchmark);
  return outcome?.state === 'measured' || (outcome?.state === 'failed' && outcome.failures.length > 0);
}

function isShown({ outcomes, failures }: CellResults, benchmarks: readonly string[]): boolean {
  return failures.length > 0 || benchmarks.some((benchmark) => hasOwnOutcome(outcomes, benchmark));
}

function entry(results: Results, cell: string, benchmark: string): Entry {
  const outcome = outcomeOf(results, cell, benchmark);
  if (outcome.state === 'missing') return { word: outcome.reason, role: 'aside' };
  if (outcome.state !== 'measured') {
    return { word: outcome.state, role: outcome.state === 'failed' ? 'failed' : 'aside' };
  }
  const { mean, halfWidth } = formatMean(outcome.interval);
  const overhead =
    results.cells.find(({ name }) => name === cell)?.level === 0
      ? null
      : overheadOf(results, cell, benchmark);
  return {
    mean,
    halfWidth: halfWidth ?? '',
    overhead: overhead === null ? '' : `(${overheadText(results, cell, benchmark, overhead)})`,
    mark:
      (outcome.failures.length > 0 ? '!' : '') +
      (overlapping(results, cell, benchmark) > 0 ? OVERLAP_MARK : '') +
      (isBesideOthers(results, cell, benchmark) ? CONTENTION_MARK : ''),
  };
}

/** With a mark before it and one behind it for what makes it doubtful. */
function overheadText(results: Results, cell: string, benchmark: string, overhead: number): string {
  const uneven = isUneven(results, cell, benchmark) ? UNEVEN_MARK : '';
  return markAcross(results, cell) + formatOverhead(overhead) + uneven;
}

/** Lays out a column: means, half-widths and overheads are each flush right, so that their digits stand in line. */
function column(heading: string, entries: readonly Entry[]): Column {
  const numbers = entries.filter((one) => 'mean' in one);
  const mean = widest(numbers.map((one) => one.mean));
  const halfWidth = widest(numbers.map((one) => one.halfWidth));
  const overhead = widest(numbers.map((one) => one.overhead));
  const mark = widest(numbers.map((one) => one.mark));
  const lines = entries.map((one) => {
    if ('word' in one) return { text: one.word, role: one.role };
    const spread =
      one.halfWidth === '' ? ' '.repeat(3 + halfWidth) : ` ± ${one.halfWidth.padStart(halfWidth)}`;
    const text =
      one.mean.padStart(mean) +
      (halfWidth === 0 ? '' : spread) +
      (overhead === 0 ? '' : ` ${one.overhead.padStart(overhead)}`) +
      one.mark.padEnd(mark);
    return { text, role: one.mark === '' ? ('value' as const) : ('failed' as const) };
  });
  return wordColumn(heading, lines, 'right');
}
