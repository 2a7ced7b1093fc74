/**
 * Distributes the cells over shards (`--shard`) so that each shard takes about as long. Vitest's own sequencer cuts the
 * list by hashes of file names, and all cells of a level share a file: one shard would get all of L3.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { findCell, type Level } from '../../fixtures/matrix.ts';

/** Measured over the whole matrix at quick: 76 s at L0, 84 and 85 s at L1, 105 to 123 s at L2, 161 to 164 s at L3. */
const SECONDS: Record<Level, number> = { 0: 76, 1: 85, 2: 110, 3: 162 };

/** A stack with one level less, and the microbenchmarks: 40 to 90 s. */
const MICRO_SECONDS = 60;

export default class CellSequencer extends BaseSequencer {
  /**
   * Cells that run side by side begin in the order of their projects, and microbenchmarks after all applications: the two
   * stacks of a cell never run at once, so one of them would wait.
   */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Vitest's own method, which makes a new array.
    // oxlint-disable-next-line unicorn/no-array-sort
    const sorted = await super.sort(files);
    const cells = sorted.filter(({ project }) => findCell(project.name) !== undefined);
    if (!areSideBySide(cells)) return sorted;
    const projects = this.ctx.projects.map(({ name }) => name);
    const inOrder = orderSideBySide(cells, projects);
    // Other tests have groups of their own, before and after.
    return sorted.map((file) => (cells.includes(file) ? (inOrder.shift() ?? file) : file));
  }

  override shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { shard } = this.ctx.config;
    if (shard === undefined) return Promise.resolve(files);
    const seconds = files.map((file) => (isMicro(file) ? MICRO_SECONDS : secondsOf(file.project.name)));
    const dealt = deal(seconds, shard.count)[shard.index - 1] ?? [];
    return Promise.resolve(files.filter((_, index) => dealt.includes(index)));
  }
}

/** @param projects their names, in order. */
export function orderSideBySide<T extends Pick<TestSpecification, 'moduleId'> & { readonly project: Named }>(
  cells: readonly T[],
  projects: readonly string[],
): T[] {
  const orderOf = ({ project }: T): number => projects.indexOf(project.name);
  return cells.toSorted(
    (one, other) => Number(isMicro(one)) - Number(isMicro(other)) || orderOf(one) - orderOf(other),
  );
}

interface Named {
  readonly name: string;
}

/** Whether several share a group (side-by-side.ts). */
function areSideBySide(cells: readonly TestSpecification[]): boolean {
  const groups = new Set(cells.map(({ project }) => project.config.sequence.groupOrder));
  return groups.size < new Set(cells.map(({ project }) => project.name)).size;
}

function isMicro({ moduleId }: Pick<TestSpecification, 'moduleId'>): boolean {
  return moduleId.includes('/suites/micro/');
}

/** Anything that is not a cell takes no time. */
function secondsOf(project: string): number {
  const cell = findCell(project);
  return cell === undefined ? 0 : SECONDS[cell.level];
}

/**
 * Indices of `seconds` in `count` shards: the longest first, each to the shard that has the least so far (R. L. Graham,
 * "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17(2), 1969: at most 4/3 of the optimum).
 */
export function deal(seconds: readonly number[], count: number): number[][] {
  const shards = Array.from({ length: count }, () => ({ total: 0, indices: new Array<number>() }));
  const longestFirst = seconds
    .map((_, index) => index)
    .toSorted((one, other) => (seconds[other] ?? 0) - (seconds[one] ?? 0));
  for (const index of longestFirst) {
    const leastBusy = shards.reduce((best, shard) =>
      shard.total < best.total || (shard.total === best.total && shard.indices.length < best.indices.length)
        ? shard
        : best,
    );
    leastBusy.total += seconds[index] ?? 0;
    leastBusy.indices.push(index);
  }
  return shards.map(({ indices }) => indices);
}
