/**
 * `fairness.csv`: what else ran on L0 and on the host during the samples, and the gaps between them, one row per run.
 * CPU seconds are sums over the run's samples; shares and gaps are the largest of any sample, with its iteration.
 */
import { type Fairness, fairnessOf, overLimit, sumOf } from '../analysis/fairness.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';

const COLUMNS: Columns<Fairness> = {
  ...CELL_COLUMNS,
  benchmark: ({ benchmark }) => benchmark,
  run: ({ run }) => run.run,
  n: ({ run }) => run.values.length,
  seconds: (one) => sumOf(one, 'seconds'),
  kernel_cpu_seconds: (one) => sumOf(one, 'kernelSeconds'),
  benchmark_cpu_seconds: (one) => sumOf(one, 'benchmarkSeconds'),
  harness_share_most: ({ harnessShare }) => harnessShare?.max.value,
  harness_share_most_iteration: ({ harnessShare }) => harnessShare?.max.iteration,
  harness_share_with_start_and_end_most: ({ harnessShareInAll }) => harnessShareInAll?.max.value,
  gap_seconds_most: ({ gapSeconds }) => gapSeconds?.max.value,
  gap_seconds_most_iteration: ({ gapSeconds }) => gapSeconds?.max.iteration,
  others_share_most: ({ othersShare }) => othersShare?.max.value,
  others_share_most_iteration: ({ othersShare }) => othersShare?.max.iteration,
  wait_share_most: ({ waitShare }) => waitShare?.max.value,
  wait_share_most_iteration: ({ waitShare }) => waitShare?.max.iteration,
  contended: ({ contended }) => contended,
  over_limit: overLimit,
};

export const fairnessFile = textFile('fairness.csv', (results) => csv(fairnessOf(results), COLUMNS));
