/** What a benchmark came to in a cell, as one number: for verdicts and the history, whose unit is the run. */
import { meanOfUnit } from '../fixtures/statistics/mean-of-unit.ts';
import type { Measured } from './results.ts';

export interface Measurement {
  readonly runs: number;
  /** Of all runs together. */
  readonly samples: number;
  /** The mean of the runs' means: harmonic for a rate, arithmetic for a time. */
  readonly mean: number;
}

/** One for each run. */
export function runMeans({ unit, runs }: Measured): number[] {
  return runs.map(({ values }) => meanOfUnit(unit, values));
}

export function measurementOf(measured: Measured): Measurement {
  const { unit, runs } = measured;
  return {
    runs: runs.length,
    samples: runs.reduce((sum, { values }) => sum + values.length, 0),
    mean: meanOfUnit(unit, runMeans(measured)),
  };
}
