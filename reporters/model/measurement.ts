/**
 * The result of a benchmark in a cell as one number, for verdicts and the history. Their unit is the boot: runs of one
 * boot are not independent, because they share its memory layout (T. Mytkowicz and others, "Producing wrong data
 * without doing anything obviously wrong!", ASPLOS 2009) and the condition of the host. Five runs in one boot of the
 * same code, compared with eight boots of minutes before, gave four regressions with p below 0.01.
 */
import { meanOfUnit } from '../statistics/mean-of-unit.ts';
import type { Measured, RunPart } from './experiment-results.ts';

export interface Measurement {
  readonly boots: number;
  /** Of all boots together. */
  readonly runs: number;
  /** Of all runs together. */
  readonly samples: number;
  /** The mean of the boots' means, each the mean of its runs' means: harmonic for a rate, arithmetic for a time. */
  readonly mean: number;
}

/** One for each boot. A run that was resumed on another boot has a part in each. */
export function bootMeans({ unit, runs }: Measured): number[] {
  const parts = runs.flatMap((run) => run.parts.map((part) => ({ ...part, run: run.run })));
  const meanOfPart = ({ values }: RunPart): number => meanOfUnit(unit, values);
  return [...Map.groupBy(parts, bootOf).values()].map((its) => meanOfUnit(unit, its.map(meanOfPart)));
}

/** Without a boot in the journal, it is unknown which runs share one. */
function bootOf({ boot, run }: RunPart & { readonly run: number }): string {
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
