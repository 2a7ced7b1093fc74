/** The series of a history, and the points where their level changed. Pure. */
import {
  type ChangePoint,
  type ChangePointOptions,
  changePoints,
  MIN_RECORDS,
} from '../statistics/change-points.ts';
import { type ToolchainChange, toolchainChanges } from '../analysis/toolchain-changes.ts';
import type { HistoryExperiment, HistoryPoint, ReportedChange } from './history-store.ts';
import { type Kind, readKind } from './kind.ts';

/** The comparable results of one benchmark in one cell, in order of time. */
export interface HistorySeries {
  readonly cell: string;
  readonly benchmark: string;
  readonly kind: string;
  readonly points: readonly [HistoryPoint, ...HistoryPoint[]];
}

export interface HistoryChange {
  readonly series: HistorySeries;
  readonly change: ChangePoint;
  /** The last experiment before the change, and the first one after it. */
  readonly before: HistoryPoint;
  readonly after: HistoryPoint;
  readonly isWorse: boolean;
  /** How the toolchain changed between the two. */
  readonly toolchain: readonly ToolchainChange[];
}

/** In the order in which they first occur in the history. */
export function seriesOf(points: readonly HistoryPoint[]): HistorySeries[] {
  const groups = Map.groupBy(points, ({ cell, benchmark, kind }) => JSON.stringify([cell, benchmark, kind]));
  return [...groups.values()].flatMap(([first, ...others]): HistorySeries | [] => {
    if (first === undefined) return [];
    const { cell, benchmark, kind } = first;
    return { cell, benchmark, kind, points: [first, ...others] };
  });
}

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
 * How the toolchain changed between two records; empty if unknown. Records of an older nestbench have no toolchain, but
 * at least the kernel.
 */
export function toolchainStep(before: MadeWith, after: MadeWith): ToolchainChange[] {
  if (before.toolchain === null && after.toolchain !== null) return kernelStep(before.kernel, after.kernel);
  return toolchainChanges(before.toolchain ?? undefined, after.toolchain ?? undefined);
}

type MadeWith = Pick<HistoryPoint, 'kernel' | 'toolchain'>;

function kernelStep(base: string | null, head: string | null): ToolchainChange[] {
  return base === null || head === null || base === head ? [] : [{ what: 'kernel', base, head }];
}

/** The last comparable result that was measured before an experiment. */
export function lastBefore(
  { at, results }: Pick<HistoryExperiment, 'at' | 'results'>,
  points: readonly HistoryPoint[],
): HistoryPoint | undefined {
  const kinds = new Set(results.map(({ kind }) => kind));
  return points.findLast((point) => point.at < at && kinds.has(point.kind));
}

/** An experiment that was measured in another way than the one before it on the same testbed and host. */
export interface Step {
  readonly before: { readonly experiment: string; readonly was: string };
  readonly after: { readonly experiment: string; readonly is: string };
}

/**
 * How an experiment changed what `of` says about the experiments of a kind.
 * @returns undefined if it changed nothing.
 */
export function stepWith(
  experiment: string,
  points: readonly HistoryPoint[],
  of: (kind: Kind) => string,
): Step | undefined {
  const own = points.find((point) => point.experiment === experiment);
  if (own === undefined) return undefined;
  const kind = readKind(own.kind);
  const before = points.findLast((point) => {
    const { testbed, host } = readKind(point.kind);
    return point.at < own.at && testbed === kind.testbed && host === kind.host;
  });
  if (before === undefined) return undefined;
  const [was, is] = [of(readKind(before.kind)), of(kind)];
  if (was === is) return undefined;
  return { before: { experiment: before.experiment, was }, after: { experiment, is } };
}

/**
 * The changes that were not reported before. With more nights a change point may move by a few: a reported one also
 * covers the nearest change within {@link MIN_RECORDS} of it, on either side. It covers only that one, because a
 * level that lasted so few nights has its own change on either side.
 */
export function unreported(
  changes: readonly HistoryChange[],
  reported: readonly ReportedChange[],
): HistoryChange[] {
  const known = new Set(reported.flatMap((one) => nearest(changes, one) ?? []));
  return changes.filter((change) => !known.has(change));
}

function nearest(changes: readonly HistoryChange[], reported: ReportedChange): HistoryChange | undefined {
  const { kind, cell, benchmark, experiment } = reported;
  return changes
    .filter(({ series }) => series.kind === kind && series.cell === cell && series.benchmark === benchmark)
    .map((one) => {
      const at = one.series.points.findIndex((point) => point.experiment === experiment);
      return { one, distance: at < 0 ? Infinity : Math.abs(at - one.change.at) };
    })
    .filter(({ distance }) => distance <= MIN_RECORDS)
    .toSorted((left, right) => left.distance - right.distance)[0]?.one;
}

export function reportedOf({ series: { kind, cell, benchmark }, after }: HistoryChange): ReportedChange {
  return { kind, cell, benchmark, experiment: after.experiment };
}
