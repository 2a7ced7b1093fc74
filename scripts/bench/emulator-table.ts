/** The results of the emulator bench as a table. Pure. */
import { statisticsOf } from '../../fixtures/statistics/statistics.ts';
import { count } from '../../setup/lib/count.ts';
import { textTable } from '../../setup/lib/text-table.ts';

/** One cold boot with one of the two emulators, and what was measured on it. */
export interface EmulatorRun {
  /** From the start of the first machine to `Ready to run experiments!`. */
  readonly bootSeconds: number;
  /** Transactions per second, the mean of the boot's samples. */
  readonly rate: number;
  /** CPU time of the whole command: mostly the emulators'. Unlike wall time, other work on the host hardly changes it. */
  readonly cpuSeconds: number;
}

interface Row {
  readonly name: string;
  readonly of: (run: EmulatorRun) => number;
  readonly unit: string;
}

const ROWS: readonly Row[] = [
  { name: 'cold boot', of: ({ bootSeconds }) => bootSeconds, unit: 's' },
  { name: 'netperf-rr', of: ({ rate }) => rate, unit: '/s' },
  { name: 'CPU time of all', of: ({ cpuSeconds }) => cpuSeconds, unit: 's' },
];

/** Medians, with the range of several rounds; the last column says how much more or less the head is. */
export function emulatorTable(base: readonly EmulatorRun[], head: readonly EmulatorRun[]): string {
  const rows = ROWS.map(({ name, of, unit }) => {
    const [before, after] = [statisticsOf(base.map(of)), statisticsOf(head.map(of))];
    const text = ({ median, min, max, n }: typeof before): string =>
      `${short(median)} ${unit}${n > 1 ? ` (${short(min)} to ${short(max)})` : ''}`;
    const percent = (after.median / before.median - 1) * 100;
    return [name, text(before), text(after), `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`];
  });
  const title = `${count(base.length, 'round')}, in turn; medians, with the range in parentheses`;
  return [
    title,
    ...textTable([['', 'base', 'head', 'head to base'], ...rows], { right: (column) => column > 0 }),
  ].join('\n');
}

function short(value: number): string {
  return value.toFixed(1);
}
