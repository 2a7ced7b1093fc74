/**
 * The data for other tools, the same in each format: the mean of a benchmark in a cell and its interval. A format that
 * can't express "within one boot" gets no such interval. Failed, skipped and missing results are left out: no format
 * has a value for them.
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

/** The kind of machine, for a format that can express it: `emulated (tcg)`. */
export function testbedOf({ starts }: Results): string {
  return [...new Set(starts.map(({ testbed: { kind, accelerator } }) => `${kind} (${accelerator})`))].join(
    ' and ',
  );
}
