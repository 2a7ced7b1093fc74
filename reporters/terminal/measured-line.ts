/** The line of a benchmark that has ended in a cell: the number that the table at the end of the run shows. */
import { isMicrobenchmark } from '../../fixtures/benchmarks/index.ts';
import { markedOverhead, markedSamples, marksOf } from '../analysis/marks.ts';
import { NATIVE_CELL, overheadOf } from '../analysis/overhead.ts';
import { outcomeOf, type Results } from '../model/experiment-results.ts';
import { formatCost, formatMean } from '../model/numbers.ts';
import { count } from '../../setup/lib/count.ts';

/** `l2-baseline: hackbench 0.671 ± 0.071 s (1.6x), 7 samples`; undefined without a sample that counts. */
export function measuredLine(results: Results, cell: string, benchmark: string): string | undefined {
  const outcome = outcomeOf(results, cell, benchmark);
  if (outcome.state !== 'measured') return undefined;
  const { statistics, interval, unit } = outcome;
  const marks = marksOf(results, cell, benchmark);
  const overhead = cell === NATIVE_CELL ? null : overheadOf(results, cell, benchmark);
  const { mean, halfWidth } = formatMean(interval);
  const number = isMicrobenchmark(benchmark)
    ? formatCost(statistics.mean)
    : halfWidth === null
      ? mean
      : `${mean} ± ${halfWidth}`;
  const native = overhead === null ? '' : ` (${markedOverhead(overhead, marks)})`;
  const samples = count(statistics.n, 'sample');
  return `${cell}: ${benchmark} ${number} ${unit}${native}${markedSamples(marks)}, ${samples}`;
}
