/**
 * What other people's tools are given, the same in each format: the mean of a benchmark in a cell, and its interval. A
 * format that cannot say "within one boot" gets no interval of that kind. What failed, was skipped or did not run is left
 * out: no format has a number for it.
 */
import type { MeanInterval } from '../../statistics/mean-interval.ts';
import type { Better } from '../../model/benchmark-row.ts';
import type { Measured, Results } from '../../model/experiment-results.ts';

export interface MeasuredSeries {
  /** `l2-baseline/netperf-rr`. */
  readonly name: string;
  readonly cell: string;
  readonly benchmark: string;
  readonly unit: string;
  readonly better: Better;
  readonly interval: MeanInterval;
  readonly runs: Measured['runs'];
}

export function measuredSeries({ cells }: Results): MeasuredSeries[] {
  return cells.flatMap(({ name: cell, outcomes }) =>
    [...outcomes].flatMap(([benchmark, outcome]): MeasuredSeries | [] => {
      if (outcome.state !== 'measured') return [];
      const { unit, better, runs, interval } = outcome;
      return { name: `${cell}/${benchmark}`, cell, benchmark, unit, better, interval, runs };
    }),
  );
}

/** What kind of machine they come from, for a format that has room for it: `emulated (tcg)`. */
export function testbedOf({ starts }: Results): string {
  return [...new Set(starts.map(({ testbed: { kind, accelerator } }) => `${kind} (${accelerator})`))].join(
    ' and ',
  );
}
