/** All files derived from a journal. They can be deleted and generated again at any time. */
import type { Results } from './model/experiment-results.ts';
import type { Exporter } from './files/exporter.ts';
import { bencherFile } from './files/exchange/bencher.ts';
import {
  githubActionBenchmarkBigger,
  githubActionBenchmarkSmaller,
} from './files/exchange/github-action-benchmark.ts';
import { googleBenchmarkFile } from './files/exchange/google-benchmark.ts';
import { openMetricsFile } from './files/exchange/open-metrics.ts';
import { otavaConfiguration, otavaCsv } from './files/exchange/otava.ts';
import { breakdownFile } from './files/breakdown-csv.ts';
import { exitCostsFile } from './files/exit-costs-csv.ts';
import { exitsFile } from './files/exits-csv.ts';
import { fairnessFile } from './files/fairness-csv.ts';
import { figure5, figure6, figureAdditional } from './files/figure-csv.ts';
import { phasesFile } from './files/phases-csv.ts';
import { reportFile } from './report/report-file.ts';
import { seriesFiles } from './files/series-files.ts';
import { stoppingFile } from './files/stopping-csv.ts';
import { summary } from './files/summary-csv.ts';
import { summaryMarkdown } from './files/summary-markdown.ts';
import { table4 } from './files/table-4-csv.ts';
import { tablesFile } from './files/tables.ts';

export const EXPORTERS: readonly Exporter[] = [
  seriesFiles,
  summary,
  figure5,
  figure6,
  figureAdditional,
  breakdownFile,
  table4,
  exitsFile,
  exitCostsFile,
  fairnessFile,
  phasesFile,
  stoppingFile,
  summaryMarkdown,
  tablesFile,
  bencherFile,
  githubActionBenchmarkSmaller,
  githubActionBenchmarkBigger,
  googleBenchmarkFile,
  openMetricsFile,
  otavaCsv,
  otavaConfiguration,
  reportFile,
];

/**
 * Writes all derived files under `directory`, the experiment's own.
 * @returns the paths written, relative to it.
 */
export function writeFiles(results: Results, directory: string): readonly string[] {
  return EXPORTERS.flatMap((exporter) => exporter.write(results, directory));
}
