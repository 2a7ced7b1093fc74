/** What a start says before it boots anything: what is there, what is missing, and how long that takes at most. */
import { count } from '../lib/count.ts';
import { inWords } from '../lib/duration.ts';
import type { PlannedBenchmark, StartPlan } from './start-plan.ts';

/** What begins the sentence that each start which measures says before it boots. */
export const FIRST_WORDS = 'To measure:';

export function describeStart(plan: StartPlan, resumed: string | undefined): string[] {
  return [
    ...(resumed === undefined ? [] : whatThereIs(plan, resumed)),
    ...whatIsMeasured(plan),
    ...whatIsLeftOut(plan),
  ];
}

function whatThereIs({ experiment, benchmarks }: StartPlan, name: string): string[] {
  const all = sumOf(experiment, ({ all: its }) => its);
  const missing = sumOf(experiment, ({ iterations }) => iterations);
  const failed = sumOf(experiment, (its) => its.failed);
  const isSelectionDone = sumOf(benchmarks, ({ iterations }) => iterations) === 0;
  return [
    `Experiment "${name}" has ${all - missing - failed} of ${samples(all)}:`,
    ...byCell(experiment).map(([cell, its]) => `  ${cell}: ${statesOf(its)}`),
    ...(failed === 0 ? [] : [`What failed is not tried again without --retry-failed (RESUME=retry-failed).`]),
    ...(missing === 0 ? ['Nothing is missing.'] : []),
    ...(missing > 0 && isSelectionDone ? ['Nothing of what is selected is missing.'] : []),
  ];
}

/** `complete`, or each benchmark with what it has. */
function statesOf(its: readonly PlannedBenchmark[]): string {
  if (its.every(({ iterations, failed }) => iterations + failed === 0)) return 'complete';
  return its
    .map(({ benchmark, all, iterations, failed }) => {
      if (iterations + failed === 0) return `${benchmark} complete`;
      return `${benchmark} ${all - iterations - failed} of ${all}${failed === 0 ? '' : ` (${failed} failed)`}`;
    })
    .join(', ');
}

function whatIsMeasured({ measured, seconds, usualSeconds }: StartPlan): string[] {
  if (measured.length === 0) return [];
  const cells = byCell(measured).length;
  const iterations = sumOf(measured, (its) => its.iterations);
  const unseen = measured.filter(({ isSeen }) => !isSeen).length;
  const by =
    unseen === 0
      ? 'by earlier results'
      : unseen === measured.length
        ? 'there are no earlier results of it on this host'
        : `by earlier results; ${unseen} of the benchmarks by what is planned`;
  const [usual, most] = [inWords(usualSeconds), inWords(seconds)];
  // By earlier results both are the longest of them.
  const time = usual === most || unseen === 0 ? `at most about ${most}` : `about ${usual}, at most ${most}`;
  return [
    `${FIRST_WORDS} ${count(measured.length, 'benchmark')} in ${count(cells, 'cell')}, ${samples(iterations)}, in ${time} (${by}).`,
  ];
}

function whatIsLeftOut({ leftOut }: StartPlan): string[] {
  if (leftOut.length === 0) return [];
  const places = byCell(leftOut).map(
    ([cell, its]) => `${cell} ${its.map(({ benchmark }) => benchmark).join(', ')}`,
  );
  return [`Left out, for lack of time: ${places.join('; ')}. npm run resume measures it later.`];
}

function byCell(benchmarks: readonly PlannedBenchmark[]): [string, PlannedBenchmark[]][] {
  return [...Map.groupBy(benchmarks, ({ cell }) => cell.name)];
}

function sumOf(benchmarks: readonly PlannedBenchmark[], of: (each: PlannedBenchmark) => number): number {
  return benchmarks.reduce((sum, each) => sum + of(each), 0);
}

function samples(many: number): string {
  return count(many, 'sample');
}
