/**
 * What a level costs: its number against that of the bare machine (L0 baseline). As in the artifact README's figures 5
 * and 6: native over measured for rates, measured over native for times, so 1.0 is native and more is worse. Both
 * operands are the artifact's number, the best of the runs' averages.
 */
import type { CellName } from '../../fixtures/matrix.ts';
import type { IntervalOf, MeanInterval } from '../statistics/mean-interval.ts';
import { type RatioInterval, ratioInterval } from '../statistics/ratio-interval.ts';
import { isOverBoots } from './interval-words.ts';
import { outcomeOf, type Results } from '../model/experiment-results.ts';

/** The bare machine, which all others are compared with. */
export const NATIVE_CELL: CellName = 'l0-baseline';

/** The command that measures it in the same experiment. */
export function nativeCommand({ experiment }: Pick<Results, 'experiment'>): string {
  return `${experiment === null ? '' : `EXPERIMENT=${experiment} `}npx vitest run suites/l0`;
}

/** How many times worse `measured` is than `native`. */
export function overhead(native: number, measured: number, better: 'higher' | 'lower'): number {
  return better === 'higher' ? native / measured : measured / native;
}

/** The overhead of one benchmark in one cell; null if it or L0 was not measured. */
export function overheadOf(results: Results, cell: string, benchmark: string): number | null {
  const native = outcomeOf(results, NATIVE_CELL, benchmark);
  const measured = outcomeOf(results, cell, benchmark);
  if (native.state !== 'measured' || measured.state !== 'measured') return null;
  return overhead(native.best.value, measured.best.value, measured.better);
}

/** An interval of the overhead, and what it is over. */
export interface OverheadInterval extends RatioInterval {
  readonly of: IntervalOf;
}

/**
 * The uncertainty of the overhead: the 95 % interval of the ratio of the means over boots. null if a side has only one
 * boot, which does not show how boots differ.
 *
 * It is not an interval of the overhead itself, the ratio of the best runs. That estimates something that depends on
 * the number of runs, and one set of runs has one best, without a spread; an interval of the best run's own samples
 * held in 61 of 100 experiments. So the interval is of the ratio of means, and says so.
 */
export function overheadInterval(results: Results, cell: string, benchmark: string): OverheadInterval | null {
  const native = outcomeOf(results, NATIVE_CELL, benchmark);
  const measured = outcomeOf(results, cell, benchmark);
  if (native.state !== 'measured' || measured.state !== 'measured') return null;
  return measured.better === 'higher'
    ? ratioOverBoots(native.interval, measured.interval)
    : ratioOverBoots(measured.interval, native.interval);
}

/** The 95 % interval of the ratio of two means over boots; null if a side has only one boot. */
export function ratioOverBoots(above: MeanInterval, below: MeanInterval): OverheadInterval | null {
  if (!isOverBoots(above.of) || !isOverBoots(below.of)) return null;
  const interval = ratioInterval(above.means, below.means);
  const of = above.of === 'boots' && below.of === 'boots' ? 'boots' : 'restores';
  return interval && { ...interval, of };
}

/** Whether the two numbers that the overhead divides are the best of different numbers of runs. */
export function isUneven(results: Results, cell: string, benchmark: string): boolean {
  const native = outcomeOf(results, NATIVE_CELL, benchmark);
  const measured = outcomeOf(results, cell, benchmark);
  return native.state === 'measured' && measured.state === 'measured' && native.best.of !== measured.best.of;
}
