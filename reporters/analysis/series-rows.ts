/** What operations cost with each kernel of a series, side by side. */
import type { SeriesFile } from '../../fixtures/kernel-steps.ts';
import { measuredIn } from './kernel-changes.ts';

/** An operation in a cell. */
export interface SeriesRow {
  readonly cell: string;
  readonly benchmark: string;
  /** With each kernel, in the series' order; null where it was not measured. */
  readonly costs: readonly (number | null)[];
  /** From the first kernel that was measured to the last, as a share; null if there are not two. */
  readonly change: number | null;
}

/** A row for each operation in each cell. */
export function seriesRows({ plan, steps }: SeriesFile): SeriesRow[] {
  return plan.cells.flatMap((cell) =>
    plan.benchmarks.map((benchmark) => {
      const costs = plan.revisions.map(
        ({ commit }) => measuredIn(steps, commit, cell)?.costs[benchmark] ?? null,
      );
      const known = costs.filter((cost) => cost !== null);
      const [first, last] = [known[0], known.at(-1)];
      const isChange = known.length >= 2 && first !== undefined && last !== undefined;
      return { cell, benchmark, costs, change: isChange ? last / first - 1 : null };
    }),
  );
}
