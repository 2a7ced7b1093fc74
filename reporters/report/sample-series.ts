/** Which of a benchmark's samples are drawn: cell by cell, in the order in which they were taken. */
import type { Measured, Results, Run } from '../model/experiment-results.ts';
import { type Point, thin } from './thin.ts';

/** Points per panel: with 13 cells about three thousand per benchmark. Two for each pixel of its width are enough. */
export const MAX_POINTS = 240;

export interface SampleSeries {
  readonly cell: string;
  readonly configuration: string;
  readonly outcome: Measured;
  /** In the order in which they began. */
  readonly runs: readonly Run[];
  readonly points: readonly Point[];
}

/** Of every cell in which the benchmark gave samples. */
export function seriesOf({ cells }: Results, benchmark: string): SampleSeries[] {
  return cells.flatMap(({ name: cell, configuration, outcomes }) => {
    const outcome = outcomes.get(benchmark);
    if (outcome?.state !== 'measured') return [];
    const runs = outcome.runs.toSorted((one, other) => (one.startedAt[0] ?? 0) - (other.startedAt[0] ?? 0));
    const points = thin(
      runs.map(({ values }) => values),
      MAX_POINTS,
    );
    return { cell, configuration, outcome, runs, points };
  });
}

/** Where each run begins among all samples. */
export function startsOf(runs: readonly Run[]): number[] {
  let start = 0;
  return runs.map(({ values }) => {
    const own = start;
    start += values.length;
    return own;
  });
}
