/**
 * What a benchmark came to in a cell, as one number: for verdicts and the history, whose unit is the boot. Runs of one boot
 * are no independent ones: they share what its memory came to look like (T. Mytkowicz and others, "Producing wrong data
 * without doing anything obviously wrong!", ASPLOS 2009) and the mood of the host. Five runs in one boot of the same code,
 * held against eight boots of minutes before, were seen to be four regressions with p below 0.01.
 */
import { meanOfUnit } from '../statistics/mean-of-unit.ts';
import type { Measured, Run } from './experiment-results.ts';

export interface Measurement {
  readonly boots: number;
  /** Of all boots together. */
  readonly runs: number;
  /** Of all runs together. */
  readonly samples: number;
  /** The mean of the boots' means, which are those of their runs' means: harmonic for a rate, arithmetic for a time. */
  readonly mean: number;
}

/** One for each boot. */
export function bootMeans({ unit, runs }: Measured): number[] {
  const meanOfRun = ({ values }: Run): number => meanOfUnit(unit, values);
  return [...Map.groupBy(runs, bootOf).values()].map((its) => meanOfUnit(unit, its.map(meanOfRun)));
}

/** A journal that has no boot before a run tells nothing of what it shares with others. */
function bootOf({ boot, run }: Run): string {
  return boot === null ? `run ${run}` : `boot ${boot}`;
}

export function measurementOf(measured: Measured): Measurement {
  const { unit, runs } = measured;
  const means = bootMeans(measured);
  return {
    boots: means.length,
    runs: runs.length,
    samples: runs.reduce((sum, { values }) => sum + values.length, 0),
    mean: meanOfUnit(unit, means),
  };
}
