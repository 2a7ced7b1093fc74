/**
 * Lets Vitest run cells side by side. Each is a project with a group of its own, so that by default none overlap; Vitest
 * reads the groups, and how many workers each has, only when the global setup is done.
 */
import type { Vitest } from 'vitest/node';
import { findCell } from '../../fixtures/matrix.ts';
import { type JournalRecord, SIDE_BY_SIDE } from '../../fixtures/records.ts';

/** The group of all cells: after the unit tests, and before the other tests. */
const GROUP = 1;

/** @param count the number of lanes. Vitest numbers the workers accordingly (VITEST_POOL_ID). */
export function runSideBySide({ projects }: Pick<Vitest, 'projects'>, count: number): void {
  for (const { name, config } of projects) {
    if (findCell(name) === undefined) continue;
    config.sequence.groupOrder = GROUP;
    config.maxWorkers = count;
  }
}

/**
 * The number of this worker's lane, from 0. Vitest reuses a worker's number before that worker has ended, and may number
 * more workers than there are lanes: the lane's lock is what keeps two stacks apart.
 */
export function ownLane(count: number, poolId = process.env['VITEST_POOL_ID']): number {
  return (Number(poolId ?? 1) - 1) % count;
}

export interface AskedSideBySide {
  readonly count: number;
  readonly by: 'PARALLEL' | 'experiment' | 'shard';
}

/**
 * How many cells are to run side by side: PARALLEL, or as many as when the experiment began, since other numbers could not
 * be compared. The cells of a shard run one at a time, since shards with different numbers could not be merged.
 * @returns undefined for as many as the host has room for.
 */
export function askedSideBySide(
  parallel: number | undefined,
  records: readonly JournalRecord[],
  isShard: boolean,
): AskedSideBySide | undefined {
  if (parallel !== undefined) return { count: parallel, by: 'PARALLEL' };
  const first = records.find((record) => record.type === 'experiment');
  if (first !== undefined)
    return { count: Number(first.testbed.settings[SIDE_BY_SIDE] ?? 1), by: 'experiment' };
  return isShard ? { count: 1, by: 'shard' } : undefined;
}

/** How many cells run side by side, and on which CPUs of the host. */
export function describeLaneCpus(lanes: readonly (readonly { readonly cpu: number }[])[]): string {
  const each = lanes.map((lane) => rangesOf(lane.map(({ cpu }) => cpu)));
  return `${lanes.length} cells run side by side, each on CPUs of its own: ${each.join('; ')}.`;
}

/** `0-3,8`, as in sysfs. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of [...new Set(numbers)].toSorted((one, other) => one - other)) {
    const range = ranges.at(-1);
    if (range?.[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}
