/** Series of a history, and where their level changed. Pure. */
import {
  type ChangePoint,
  type ChangePointOptions,
  changePoints,
  LEAST_RECORDS,
} from '../../fixtures/statistics/change-points.ts';
import type { HistoryPoint, Told } from './store.ts';

/** The results of one benchmark in one cell that can be compared, in the order of time. */
export interface HistorySeries {
  readonly cell: string;
  readonly benchmark: string;
  readonly kind: string;
  readonly points: readonly [HistoryPoint, ...HistoryPoint[]];
}

export interface HistoryChange {
  readonly series: HistorySeries;
  readonly change: ChangePoint;
  /** The last experiment before it, and the first one after. */
  readonly before: HistoryPoint;
  readonly after: HistoryPoint;
  readonly isWorse: boolean;
}

/** In the order in which the history met them. */
export function seriesOf(points: readonly HistoryPoint[]): HistorySeries[] {
  const groups = Map.groupBy(points, ({ cell, benchmark, kind }) => JSON.stringify([cell, benchmark, kind]));
  return [...groups.values()].flatMap(([first, ...others]): HistorySeries | [] => {
    if (first === undefined) return [];
    const { cell, benchmark, kind } = first;
    return { cell, benchmark, kind, points: [first, ...others] };
  });
}

/** The change points of a series, first ones first. */
export function changesOf(series: HistorySeries, options?: ChangePointOptions): HistoryChange[] {
  const means = series.points.map(({ mean }) => mean);
  return changePoints(means, options).flatMap((change): HistoryChange | [] => {
    const [before, after] = [series.points[change.at - 1], series.points[change.at]];
    if (before === undefined || after === undefined) return [];
    const isWorse = after.better === 'lower' ? change.change > 0 : change.change < 0;
    return { series, change, before, after, isWorse };
  });
}

/**
 * Those that were not told before. With more nights a change point may move by a few: one that was told within
 * {@link LEAST_RECORDS} of it, on either side, is the same.
 */
export function untold(changes: readonly HistoryChange[], told: readonly Told[]): HistoryChange[] {
  return changes.filter(({ series, change }) => {
    const near = new Set(
      series.points
        .slice(Math.max(0, change.at - LEAST_RECORDS), change.at + LEAST_RECORDS + 1)
        .map(({ experiment }) => experiment),
    );
    return !told.some(
      ({ kind, cell, benchmark, experiment }) =>
        kind === series.kind &&
        cell === series.cell &&
        benchmark === series.benchmark &&
        near.has(experiment),
    );
  });
}

export function toldOf({ series: { kind, cell, benchmark }, after }: HistoryChange): Told {
  return { kind, cell, benchmark, experiment: after.experiment };
}
