/** What was measured on two sides in turn, as a table. Pure. */
import { statisticsOf } from '../../fixtures/statistics/statistics.ts';
import { count } from '../../setup/lib/count.ts';
import { textTable } from '../../setup/lib/text-table.ts';

export interface Row<T> {
  readonly name: string;
  readonly of: (run: T) => number;
  readonly unit: string;
}

/** Medians, with the range of several rounds; the last column says how much more or less the head is. */
export function inTurnTable<T>(rows: readonly Row<T>[], base: readonly T[], head: readonly T[]): string {
  const lines = rows.map(({ name, of, unit }) => {
    const [before, after] = [statisticsOf(base.map(of)), statisticsOf(head.map(of))];
    const text = ({ median, min, max, n }: typeof before): string =>
      `${short(median)} ${unit}${n > 1 ? ` (${short(min)} to ${short(max)})` : ''}`;
    const percent = (after.median / before.median - 1) * 100;
    return [name, text(before), text(after), `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`];
  });
  const title = `${count(base.length, 'round')}, in turn; medians, with the range in parentheses`;
  return [
    title,
    ...textTable([['', 'base', 'head', 'head to base'], ...lines], { right: (column) => column > 0 }),
  ].join('\n');
}

function short(value: number): string {
  return value.toFixed(1);
}
