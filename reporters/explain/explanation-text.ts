/** An explanation as tables for a terminal. */
import { levelName } from '../../fixtures/levels.ts';
import { textTable } from '../../setup/lib/text-table.ts';
import { formatCount } from './counts.ts';
import type { Explanation } from './explanation.ts';
import { endInWords } from './sequence.ts';
import {
  byCause,
  byFunction,
  byLevel,
  bySourceFunction,
  changeOf,
  comparedNames,
  type Difference,
  differences,
  type Sum,
} from './sums.ts';

/** Rows of a table: the rest is in the page. */
const ROWS = 20;

export function explanationText(explained: Explanation): string {
  const { cell, operation, total, reported, operations } = explained;
  const levels = byLevel(explained).map(
    ({ name, instructions }) => `${name} ${formatCount(instructions)} (${percent(instructions, total)})`,
  );
  return [
    `${operation} at ${cell}: ${formatCount(total)} instructions, the average of ${operations}; the microbenchmark reports ${formatCount(reported)}`,
    levels.join(', '),
    sumTable('works on', byCause(explained), total),
    crossingTable(explained),
    sumTable('function', byFunction(explained), total),
  ].join('\n\n');
}

function sumTable(name: string, sums: readonly Sum[], total: number): string {
  const rows = sums
    .slice(0, ROWS)
    .map((sum) => [
      levelName(sum.level),
      sum.name,
      formatCount(sum.instructions),
      percent(sum.instructions, total),
    ]);
  const lines = table([['level', name, 'instructions', 'share'], ...rows], (column) => column >= 2);
  const rest = sums.slice(ROWS);
  if (rest.length === 0) return lines;
  const left = rest.reduce((sum, { instructions }) => sum + instructions, 0);
  return `${lines}\nand ${rest.length} more with ${formatCount(left)} together`;
}

function crossingTable({ crossings }: Explanation): string {
  const rows = crossings
    .slice(0, ROWS)
    .map(({ from, to, reason, count }) => [levelName(from), levelName(to), reason, formatCount(count)]);
  return table([['from', 'to', 'why', 'times'], ...rows], (column) => column === 3);
}

/** One operation, turn by turn. */
export function sequenceText({ sequence, operation, cell }: Explanation): string {
  const rows = sequence.map((turn) => [
    levelName(turn.level),
    formatCount(turn.instructions),
    endInWords(turn),
    turn.functions.map(({ name, instructions: its }) => `${name} ${formatCount(its)}`).join(', '),
  ]);
  return [
    `One ${operation} at ${cell}, from its instruction to the next:`,
    table([['level', 'instructions', 'then', 'most in'], ...rows], (column) => column === 1),
  ].join('\n');
}

/** How the head differs from the base. */
export function differenceText(base: Explanation, head: Explanation): string {
  const change = head.total - base.total;
  const share = `${signed(change)} instructions, ${signed((100 * change) / base.total, 1)} %`;
  const part = (name: string, sums: (of: Explanation) => Sum[]): string =>
    differenceTable(name, differences(sums(base), sums(head)));
  return [
    `${comparedNames(base, head)}: ${share}`,
    part('works on', byCause),
    part('function', bySourceFunction),
  ].join('\n\n');
}

function differenceTable(name: string, all: readonly Difference[]): string {
  const rows = all
    .slice(0, ROWS)
    .map((one) => [
      levelName(one.level),
      one.name,
      formatCount(one.base),
      formatCount(one.head),
      signed(changeOf(one)),
    ]);
  return table([['level', name, 'base', 'head', 'change'], ...rows], (column) => column >= 2);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

function signed(value: number, digits = 0): string {
  const text = digits === 0 ? formatCount(value) : value.toFixed(digits);
  return value > 0 ? `+${text}` : text;
}

function table(rows: readonly (readonly string[])[], right: (column: number) => boolean): string {
  return textTable(rows, { right }).join('\n');
}
