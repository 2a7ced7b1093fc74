/** The breakdown of direct virtual hardware as a terminal table. */
import { type BreakdownRow, type Gain, isUnclear } from '../analysis/breakdown.ts';
import { formatValue } from '../model/numbers.ts';
import { type Column, type Paint, type Role, tableBlocks, wordColumn } from './columns.ts';

/** How to read it. Only explains what it shows; empty if no step was measured. */
export function breakdownLegend(rows: readonly BreakdownRow[]): string[] {
  if (rows.length === 0) return [];
  const gains = rows.flatMap(({ steps, gain }) => [...steps.map((step) => step.gain), gain]);
  const known = gains.filter((gain) => gain !== null);
  return [
    'one mechanism after another: the mean, and how many times better than the step before; below, exits at L0 for one operation',
    ...(known.some(isUnclear) ? [`${UNCLEAR}: its 95 % interval over boots includes 1.00x`] : []),
    ...(known.some(({ interval }) => interval === null)
      ? ['no interval of times better where one of the two steps has only one boot']
      : []),
  ];
}

const UNCLEAR = '?';

/** Blocks of lines: benchmarks down, steps across. None if no step was measured. */
export function breakdownTable(rows: readonly BreakdownRow[], columns: number, paint: Paint): string[][] {
  const [first] = rows;
  if (first === undefined) return [];
  const column = (heading: string, side: 'left' | 'right', of: (row: BreakdownRow) => Lines): Column =>
    wordColumn(
      heading,
      rows.flatMap((row) => linesOf(row, of(row))),
      side,
    );
  const labels = [
    column('one step after another', 'left', ({ level, benchmark }) => [`L${level} ${benchmark}`, '']),
    column('', 'left', ({ unit, operation }) => [unit, `exits per ${operation}`]),
  ];
  const steps = first.steps.map(({ adds }, index) =>
    column(adds, 'right', ({ steps: its }) => {
      const step = its[index];
      return [joined(inDigits(step?.mean), formatGain(step?.gain)), joined(inDigits(step?.exits), '')];
    }),
  );
  const together = column('together', 'right', ({ gain }) => [formatGain(gain), '']);
  return tableBlocks(labels, [...steps, together], columns, paint);
}

/** What was measured, and the exits below. */
type Lines = readonly [measured: string, exits: string];

/** One line if the work of an operation is unknown. */
function linesOf({ operation }: BreakdownRow, [measured, exits]: Lines): { text: string; role: Role }[] {
  return [
    { text: measured, role: 'value' },
    ...(operation === null ? [] : [{ text: exits, role: 'detail' as const }]),
  ];
}

/** Numbers line up, whether there is a gain or not. */
function joined(number: string, gain: string): string {
  return `${number} ${gain.padStart(GAIN_WIDTH)}`;
}

const GAIN_WIDTH = `${UNCLEAR}1.00x`.length;

function inDigits(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : formatValue(value);
}

/** `1.50x`, or `?1.07x` if its interval includes 1; empty for an unknown one. */
export function formatGain(gain: Gain | null | undefined): string {
  return gain === null || gain === undefined
    ? ''
    : `${isUnclear(gain) ? UNCLEAR : ''}${gain.times.toFixed(2)}x`;
}
