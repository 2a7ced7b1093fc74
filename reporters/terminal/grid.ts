/** The table of numbers: benchmarks down, cells across, in blocks of as many cells as fit the terminal. */
import { applicationsOf } from '../model/applications.ts';
import { type Paint, type Role, tableBlocks, widest, wordColumn } from './columns.ts';
import { markedOverhead, markedSamples, marksOf } from '../analysis/marks.ts';
import { formatMean } from '../model/numbers.ts';
import { overheadOf } from '../analysis/overhead.ts';
import { type CellResults, outcomeOf, type Results } from '../model/experiment-results.ts';

/** What one benchmark shows in one cell: numbers, aligned with others of their kind, or a word. */
export type Entry =
  | { readonly mean: string; readonly halfWidth: string; readonly overhead: string; readonly mark: string }
  | { readonly word: string; readonly role: Role };

/**
 * Blocks of lines with as many cells as fit into `columns` characters, at least one. A benchmark with neither a sample
 * nor a failure of its own has no row; a cell in which nothing was measured or failed has no column.
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
    benchmarks.map((benchmark) => benchmark.name),
    'left',
  );
  const unit = wordColumn(
    '',
    benchmarks.map((benchmark) => ({ text: benchmark.unit ?? '', role: 'detail' })),
    'left',
  );
  const shown = cells.map((cell) =>
    wordColumn(
      cell.name,
      entryTexts(benchmarks.map((benchmark) => entry(results, cell.name, benchmark.name))),
      'right',
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
  if (outcome.state === 'missing') return { word: outcome.reason, role: 'detail' };
  if (outcome.state !== 'measured') {
    return { word: outcome.state, role: outcome.state === 'failed' ? 'failed' : 'detail' };
  }
  const { mean, halfWidth } = formatMean(outcome.interval);
  const marks = marksOf(results, cell, benchmark);
  const overhead =
    results.cells.find(({ name }) => name === cell)?.level === 0
      ? null
      : overheadOf(results, cell, benchmark);
  return {
    mean,
    halfWidth: halfWidth ?? '',
    overhead: overhead === null ? '' : `(${markedOverhead(overhead, marks)})`,
    mark: markedSamples(marks),
  };
}

/** Lays out a column: means, half-widths and overheads are each aligned right, so that their digits line up. */
export function entryTexts(entries: readonly Entry[]): { text: string; role: Role }[] {
  const numbers = entries.filter((one) => 'mean' in one);
  const mean = widest(numbers.map((one) => one.mean));
  const halfWidth = widest(numbers.map((one) => one.halfWidth));
  const overhead = widest(numbers.map((one) => one.overhead));
  const mark = widest(numbers.map((one) => one.mark));
  return entries.map((one) => {
    if ('word' in one) return { text: one.word, role: one.role };
    const spread =
      one.halfWidth === '' ? ' '.repeat(3 + halfWidth) : ` ± ${one.halfWidth.padStart(halfWidth)}`;
    const measured = one.mean.padStart(mean) + (halfWidth === 0 ? '' : spread);
    const role = one.mark === '' ? ('value' as const) : ('failed' as const);
    if (overhead === 0) return { text: measured + one.mark.padEnd(mark), role };
    const text =
      one.overhead === ''
        ? (measured.trimEnd() + one.mark).padEnd(measured.length + 1 + overhead + mark)
        : `${measured} ${one.overhead.padStart(overhead)}${one.mark.padEnd(mark)}`;
    return { text, role };
  });
}
