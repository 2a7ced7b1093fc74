/**
 * What a level costs: its number against that of the bare machine (L0 baseline). As the README of the artifact has
 * its figures 5 and 6: native over measured for rates, measured over native for times, so 1.0 is native and more is
 * worse either way. Both operands are the artifact's number, the best of the runs' averages.
 */
import type { CellName } from '../fixtures/matrix.ts';
import { outcomeOf, type Results } from './results.ts';

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
