/** `fairness.csv`: what else ran on L0 during each sample, and how long it was since the one before; a row a sample. */
import path from 'node:path';
import { type Fairness, fairnessOf, isOver } from '../fairness.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import type { Exporter } from './exporter.ts';
import { writeWhole } from '../../setup/write-whole.ts';

const COLUMNS: Columns<Fairness> = {
  ...CELL_COLUMNS,
  benchmark: ({ benchmark }) => benchmark,
  run: ({ sample }) => sample.run,
  iteration: ({ sample }) => sample.iteration,
  seconds: ({ sample }) => sample.l0?.seconds,
  harness_cpu_seconds: ({ sample }) => sample.l0?.cpuSeconds.harness,
  kernel_cpu_seconds: ({ sample }) => sample.l0?.cpuSeconds.kernel,
  benchmark_cpu_seconds: ({ sample }) => sample.l0?.cpuSeconds.benchmark,
  harness_share: ({ harnessShare }) => harnessShare,
  harness_share_with_start_and_end: ({ harnessShareInAll }) => harnessShareInAll,
  gap_seconds: ({ gapSeconds }) => gapSeconds,
  over_limit: (one) => (isOver(one) ? 'yes' : 'no'),
};

export const fairnessFile: Exporter = {
  name: 'fairness.csv',
  write(results, directory) {
    writeWhole(path.join(directory, this.name), csv(fairnessOf(results), COLUMNS));
    return [this.name];
  },
};
