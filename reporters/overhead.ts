/**
 * What a level costs: its number against that of the bare machine (L0 baseline). As the README of the artifact has
 * its figures 5 and 6: native over measured for rates, measured over native for times, so 1.0 is native and more is
 * worse either way. Both operands are the artifact's number, the best of the runs' averages.
 */
import type { CellName } from '../fixtures/matrix.ts';
import { type Interval, ratioInterval } from '../fixtures/statistics/ratio-interval.ts';
import type { Statistics } from '../fixtures/statistics/statistics.ts';
import { type Measured, outcomeOf, type Results } from './results.ts';

/** The bare machine: what all others are measured against. */
export const NATIVE_CELL: CellName = 'l0-baseline';

/** How many times worse `measured` is than `native`. */
export function overhead(native: number, measured: number, better: 'higher' | 'lower'): number {
  return better === 'higher' ? native / measured : measured / native;
}

/** The overhead of one benchmark in one cell; null where it or L0 was not measured. */
export function overheadOf(results: Results, cell: string, benchmark: string): number | null {
  const native = outcomeOf(results, NATIVE_CELL, benchmark);
  const measured = outcomeOf(results, cell, benchmark);
  if (native.state !== 'measured' || measured.state !== 'measured') return null;
  return overhead(native.best.value, measured.best.value, measured.better);
}

/**
 * The 95 % interval of that overhead, from the samples of the two runs whose averages it divides; null where there is
 * no overhead or one of them has a single sample. The best of several runs was chosen for its average, so with more
 * than one run the interval is of that run, and says nothing about the spread between runs.
 */
export function overheadInterval(results: Results, cell: string, benchmark: string): Interval | null {
  const native = outcomeOf(results, NATIVE_CELL, benchmark);
  const measured = outcomeOf(results, cell, benchmark);
  if (native.state !== 'measured' || measured.state !== 'measured') return null;
  const [above, below] = measured.better === 'higher' ? [native, measured] : [measured, native];
  const numerator = bestRun(above);
  const denominator = bestRun(below);
  return numerator && denominator ? ratioInterval(numerator, denominator) : null;
}

function bestRun({ runs, best }: Measured): Statistics | undefined {
  return runs.find(({ run }) => run === best.run)?.statistics;
}
