/**
 * What is handed on to other people's tools, the same in each format: the mean of all samples of a benchmark in a cell,
 * with the ends of its 95 % interval where it has one. What failed, was skipped or did not run is left out: no format
 * has a number for it.
 */
import type { Better } from '../../benchmark-row.ts';
import type { Measured, Results } from '../../results.ts';

export interface MeasuredSeries {
  /** `l2-baseline/netperf-rr`. */
  readonly name: string;
  readonly cell: string;
  readonly benchmark: string;
  readonly unit: string;
  readonly better: Better;
  readonly mean: number;
  readonly halfWidth: number | null;
  readonly runs: Measured['runs'];
}

export function measuredSeries({ cells }: Results): MeasuredSeries[] {
  return cells.flatMap(({ name: cell, outcomes }) =>
    [...outcomes].flatMap(([benchmark, outcome]): MeasuredSeries | [] => {
      if (outcome.state !== 'measured') return [];
      const { unit, better, runs, statistics } = outcome;
      const { mean, halfWidth } = statistics;
      return { name: `${cell}/${benchmark}`, cell, benchmark, unit, better, mean, halfWidth, runs };
    }),
  );
}

/** What kind of machine they come from, for a format that has room for it: `emulated (tcg)`. */
export function testbedOf({ starts }: Results): string {
  return [...new Set(starts.map(({ testbed: { kind, accelerator } }) => `${kind} (${accelerator})`))].join(
    ' and ',
  );
}
