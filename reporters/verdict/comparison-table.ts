/**
 * A comparison for a terminal: the two sides, the number of verdicts of each kind, and one line per row, regressions
 * first.
 */
import { blockText, type Column, type Role, tableBlocks, wordColumn } from '../terminal/columns.ts';
import { formatValue } from '../model/numbers.ts';
import { painter } from '../terminal/paint.ts';
import type { TableOptions } from '../terminal/terminal-table.ts';
import { wrap } from '../model/text.ts';
import { count } from '../../setup/lib/count.ts';
import { type Compared, type ComparedRow, VERDICT_KINDS, type VerdictKind } from './comparison.ts';
import { legend, unmatchedLines } from './comparison-notes.ts';
import { comparisonHeading, type Sides } from './comparison-heading.ts';

/** The whole text, without a trailing newline. */
export function comparisonTable(
  comparison: Compared,
  sides: Sides,
  { columns, colours }: TableOptions,
): string {
  const paint = painter(colours);
  const rows = VERDICT_KINDS.flatMap((kind) =>
    comparison.rows.filter(({ verdict }) => verdict.kind === kind),
  );
  const blocks = tableBlocks(labels(rows), numbers(rows), columns, paint).map(blockText);
  return [
    comparisonHeading(comparison, sides, columns),
    comparison.warnings
      .map((warning) => paint('failed', wrap(`Warning: ${warning}`, columns, '  ', '')))
      .join('\n'),
    summary(rows),
    ...blocks,
    legend(comparison)
      .map((line) => paint('detail', wrap(line, columns, '    ', '  ')))
      .join('\n'),
    unmatchedLines(comparison.unmatched)
      .map(({ text, failed }) => paint(failed ? 'failed' : 'value', wrap(text, columns, '  ', '')))
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** `1 regression, 0 improvements, 2 undecided, 11 without a change`. */
function summary(rows: readonly ComparedRow[]): string {
  const of = (kind: VerdictKind): number => rows.filter(({ verdict }) => verdict.kind === kind).length;
  return [
    count(of('regression'), 'regression'),
    count(of('improvement'), 'improvement'),
    ...(of('changed') > 0 ? [`${of('changed')} changed with the toolchain`] : []),
    `${of('undecided')} undecided`,
    `${of('no change')} without a change`,
  ].join(', ');
}

const ROLES: Readonly<Record<VerdictKind, Role>> = {
  regression: 'failed',
  improvement: 'good',
  changed: 'failed',
  undecided: 'detail',
  'no change': 'value',
};

function labels(rows: readonly ComparedRow[]): Column[] {
  return [
    // A regression is in capitals, because not every terminal has colours.
    column(rows, '', ({ verdict }) => (verdict.kind === 'regression' ? 'REGRESSION' : verdict.kind), 'left'),
    column(rows, '', ({ cell }) => cell, 'left'),
    column(rows, '', ({ benchmark }) => benchmark, 'left'),
  ];
}

function numbers(rows: readonly ComparedRow[]): Column[] {
  return [
    column(rows, 'change', ({ change }) => `${signed(change)} %`),
    column(rows, '95 % interval', ({ interval }) =>
      interval === null ? '' : `${signed(interval[0])} .. ${signed(interval[1])}`,
    ),
    column(rows, 'p', ({ probability }) => (probability === null ? '' : formatProbability(probability))),
    column(rows, 'boots', ({ base, head }) => `${base.boots}, ${head.boots}`),
    ...(rows.some(({ verdict }) => verdict.kind === 'undecided') ? [column(rows, 'needs', needs)] : []),
    column(rows, 'base', ({ base }) => formatValue(base.mean)),
    column(rows, 'head', ({ head }) => formatValue(head.mean)),
    column(rows, 'unit', ({ unit }) => unit),
  ];
}

function column(
  rows: readonly ComparedRow[],
  heading: string,
  of: (row: ComparedRow) => string,
  side: 'left' | 'right' = 'right',
): Column {
  const words = rows.map((row) => ({ text: of(row), role: ROLES[row.verdict.kind] }));
  return wordColumn(heading, words, side);
}

function needs({ verdict, minimumEffect }: ComparedRow): string {
  if (verdict.kind !== 'undecided' || minimumEffect === 0) return '';
  return verdict.neededBoots === null ? '> 1000' : String(verdict.neededBoots);
}

/** A share as percent with its sign, to the tenth: `+12.8`. Integers above a thousand. */
function signed(part: number): string {
  const digits = (part * 100).toFixed(Math.abs(part) < 10 ? 1 : 0);
  if (Number(digits) === 0) return '0.0';
  return part < 0 ? digits : `+${digits}`;
}

/** Four decimals, and never 0 unless it is 0. */
function formatProbability(probability: number): string {
  return probability < 0.0001 ? '<0.0001' : probability.toFixed(4);
}
