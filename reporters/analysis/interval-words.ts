/**
 * What an interval of a mean is over, in words, so that an interval within one boot is never taken for one of the
 * benchmark.
 */
import type { IntervalOf, MeanInterval } from '../statistics/mean-interval.ts';
import { applicationsOf } from '../model/applications.ts';
import type { Results } from '../model/experiment-results.ts';

/** For a column. */
export const INTERVAL_OF: Readonly<Record<IntervalOf, string>> = {
  boots: 'boots',
  restores: 'boots restored from one snapshot',
  runs: 'runs within one boot',
  iterations: 'iterations within one boot',
};

/** Whether it includes differences between boots, and so is the 95 % interval of the benchmark in its cell. */
export function isOverBoots(of: IntervalOf): boolean {
  return of === 'boots' || of === 'restores';
}

/** How to read `a ± b`, for each kind of interval. */
export const LONG: Readonly<Record<IntervalOf, string>> = {
  boots:
    "mean of the boots' means, and half-width of its 95 % confidence interval (Student's t over boots, assumed normal)",
  restores:
    "mean, and half-width of its 95 % confidence interval over boots restored from one snapshot (Student's t), which share the snapshot's memory",
  runs: "mean and half-width within one boot (Student's t over its runs); other boots may differ by more",
  iterations:
    "mean and half-width within one boot and run (Student's t over iterations); other boots may differ by more",
};

/** The same in brief. */
export const SHORT: Readonly<Record<IntervalOf, string>> = {
  boots: '95 % over boots',
  restores: '95 % over boots restored from one snapshot',
  runs: 'within one boot',
  iterations: 'within one boot',
};

interface Placed {
  readonly cell: string;
  readonly benchmark: string;
  readonly interval: MeanInterval;
}

/** The texts of all kinds of interval among the applications' results, with their places if there are several. */
export function intervalTexts(
  results: Results,
  texts: Readonly<Record<IntervalOf, string>>,
): { readonly text: string; readonly places: string }[] {
  const benchmarks = applicationsOf(results);
  const all = results.cells.flatMap(({ name: cell, outcomes }) =>
    benchmarks.flatMap(({ name: benchmark }): Placed | [] => {
      const outcome = outcomes.get(benchmark);
      return outcome?.state === 'measured' && outcome.interval.halfWidth !== null
        ? { cell, benchmark, interval: outcome.interval }
        : [];
    }),
  );
  const kinds = [...Map.groupBy(all, ({ interval }) => texts[interval.of])];
  return kinds.map(([text, its]) => ({ text, places: kinds.length === 1 ? '' : placesOf(its, all) }));
}

/** A cell's name alone stands for all of its benchmarks. */
function placesOf(its: readonly Placed[], all: readonly Placed[]): string {
  return [...Map.groupBy(its, ({ cell }) => cell)]
    .map(([cell, here]) => {
      const isWhole = here.length === all.filter((one) => one.cell === cell).length;
      return isWhole ? cell : `${cell} ${here.map(({ benchmark }) => benchmark).join(' and ')}`;
    })
    .join(', ');
}
