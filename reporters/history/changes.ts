/** Series of a history, and where their level changed. Pure. */
import {
  type ChangePoint,
  type ChangePointOptions,
  changePoints,
  LEAST_RECORDS,
} from '../statistics/change-points.ts';
import { type ToolchainChange, toolchainChanges } from '../analysis/toolchain-changes.ts';
import type { HistoryExperiment, HistoryPoint, Told } from './history-store.ts';

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
  /** What changed in the toolchain from the one to the other. */
  readonly toolchain: readonly ToolchainChange[];
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
    return { series, change, before, after, isWorse, toolchain: toolchainStep(before, after) };
  });
}

/**
 * What changed in the toolchain between two records; nothing where neither tells. Records of an older nestbench, which had
 * none, tell at least the kernel.
 */
export function toolchainStep(before: MadeWith, after: MadeWith): ToolchainChange[] {
  if (before.toolchain === null && after.toolchain !== null) return kernelStep(before.kernel, after.kernel);
  return toolchainChanges(before.toolchain ?? undefined, after.toolchain ?? undefined);
}

type MadeWith = Pick<HistoryPoint, 'kernel' | 'toolchain'>;

function kernelStep(base: string | null, head: string | null): ToolchainChange[] {
  return base === null || head === null || base === head ? [] : [{ what: 'kernel', base, head }];
}

/** Of what can be compared with an experiment, the last that was measured before it. */
export function lastBefore(
  { at, results }: Pick<HistoryExperiment, 'at' | 'results'>,
  points: readonly HistoryPoint[],
): HistoryPoint | undefined {
  const kinds = new Set(results.map(({ kind }) => kind));
  return points.findLast((point) => point.at < at && kinds.has(point.kind));
}

/**
 * Those that were not told before. With more nights a change point may move by a few: of those within
 * {@link LEAST_RECORDS} of one that was told, on either side, the nearest is the same. Only that one: a level that was
 * left after so few nights has a change of its own on either side.
 */
export function untold(changes: readonly HistoryChange[], told: readonly Told[]): HistoryChange[] {
  const known = new Set(told.flatMap((one) => nearest(changes, one) ?? []));
  return changes.filter((change) => !known.has(change));
}

function nearest(changes: readonly HistoryChange[], told: Told): HistoryChange | undefined {
  const { kind, cell, benchmark, experiment } = told;
  return changes
    .filter(({ series }) => series.kind === kind && series.cell === cell && series.benchmark === benchmark)
    .map((one) => {
      const at = one.series.points.findIndex((point) => point.experiment === experiment);
      return { one, distance: at < 0 ? Infinity : Math.abs(at - one.change.at) };
    })
    .filter(({ distance }) => distance <= LEAST_RECORDS)
    .toSorted((left, right) => left.distance - right.distance)[0]?.one;
}

export function toldOf({ series: { kind, cell, benchmark }, after }: HistoryChange): Told {
  return { kind, cell, benchmark, experiment: after.experiment };
}
