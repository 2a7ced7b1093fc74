/** The grid of numbers: benchmarks down, cells across, in blocks of as many cells as the terminal is wide. */
import { formatMean, formatOverhead } from './numbers.ts';
import { overheadOf } from './overhead.ts';
import { type CellResults, outcomeOf, type Results } from './results.ts';

/** What a piece of text is, for whoever colours it. */
export type Role = 'heading' | 'value' | 'failed' | 'aside';
export type Paint = (role: Role, text: string) => string;

/** What one benchmark shows in one cell: numbers, each set under the others of its kind, or a word. */
type Entry =
  | { readonly mean: string; readonly halfWidth: string; readonly overhead: string; readonly mark: string }
  | { readonly word: string; readonly role: Role };

interface Column {
  readonly heading: string;
  readonly width: number;
  readonly lines: readonly { readonly text: string; readonly role: Role }[];
}

const GAP = '  ';

/**
 * A block of lines for as many cells as fit into `columns` characters, at least one. Benchmarks that gave neither a
 * sample nor a failure of their own have no row, and cells in which nothing was measured or failed have no column.
 */
export function grid(results: Results, columns: number, paint: Paint): string[][] {
  const benchmarks = results.benchmarks.filter(({ name }) =>
    results.cells.some(({ outcomes }) => hasOwnOutcome(outcomes, name)),
  );
  const cells = results.cells.filter(isShown);
  if (benchmarks.length === 0) return [];
  const name = column(
    '',
    benchmarks.map((benchmark) => ({ word: benchmark.name, role: 'value' })),
    'left',
  );
  const unit = column(
    '',
    benchmarks.map((benchmark) => ({ word: benchmark.unit ?? '', role: 'aside' })),
    'left',
  );
  const shown = cells.map((cell) =>
    column(
      cell.name,
      benchmarks.map((benchmark) => entry(results, cell.name, benchmark.name)),
      'right',
    ),
  );
  return blocks([name, unit], shown, columns).map((block) => {
    const rows = benchmarks.map((_, row) =>
      block.map(({ lines }) => paint(lines[row]?.role ?? 'value', lines[row]?.text ?? '')).join(GAP),
    );
    const headings = block.map((one) => paint('heading', one.heading.padStart(one.width))).join(GAP);
    return [headings, paint('aside', '-'.repeat(widthOf(block)))].concat(rows);
  });
}

function hasOwnOutcome(outcomes: CellResults['outcomes'], benchmark: string): boolean {
  const outcome = outcomes.get(benchmark);
  return outcome?.state === 'measured' || (outcome?.state === 'failed' && outcome.failures.length > 0);
}

function isShown({ outcomes, failures }: CellResults): boolean {
  return failures.length > 0 || [...outcomes.keys()].some((benchmark) => hasOwnOutcome(outcomes, benchmark));
}

function entry(results: Results, cell: string, benchmark: string): Entry {
  const outcome = outcomeOf(results, cell, benchmark);
  if (outcome.state === 'missing') return { word: outcome.reason, role: 'aside' };
  if (outcome.state !== 'measured') {
    return { word: outcome.state, role: outcome.state === 'failed' ? 'failed' : 'aside' };
  }
  const { mean, halfWidth } = formatMean(outcome.statistics);
  const overhead =
    results.cells.find(({ name }) => name === cell)?.level === 0
      ? null
      : overheadOf(results, cell, benchmark);
  return {
    mean,
    halfWidth: halfWidth ?? '',
    overhead: overhead === null ? '' : `(${formatOverhead(overhead)})`,
    mark: outcome.failures.length > 0 ? '!' : '',
  };
}

/** Lays out a column: means, half-widths and overheads are each flush right, so that their digits stand in line. */
function column(heading: string, entries: readonly Entry[], side: 'left' | 'right'): Column {
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
  const width = widest([heading, ...lines.map(({ text }) => text)]);
  return {
    heading,
    width,
    lines: lines.map(({ role, text }) => ({
      role,
      text: side === 'left' ? text.padEnd(width) : text.padStart(width),
    })),
  };
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

function widthOf(block: readonly Column[]): number {
  return block.reduce((sum, { width }) => sum + width, GAP.length * (block.length - 1));
}

/** Each block begins with the labels and takes cells while there is room. */
function blocks(labels: readonly Column[], cells: readonly Column[], columns: number): Column[][] {
  const all: Column[][] = [];
  for (const cell of cells) {
    const last = all.at(-1);
    if (last !== undefined && widthOf([...last, cell]) <= columns) last.push(cell);
    else all.push([...labels, cell]);
  }
  return all;
}
