/** All files that are derived from a journal. They can be thrown away and made again at any time. */
import type { Results } from '../results.ts';
import type { Exporter } from './exporter.ts';
import { bencherFile } from './exchange/bencher.ts';
import {
  githubActionBenchmarkBigger,
  githubActionBenchmarkSmaller,
} from './exchange/github-action-benchmark.ts';
import { googleBenchmarkFile } from './exchange/google-benchmark.ts';
import { openMetricsFile } from './exchange/open-metrics.ts';
import { otavaConfiguration, otavaCsv } from './exchange/otava.ts';
import { exitCostsFile } from './exit-costs.ts';
import { exitsFile } from './exits.ts';
import { fairnessFile } from './fairness.ts';
import { figure5, figure6, figureAdditional } from './figure.ts';
import { phasesFile } from './phases.ts';
import { reportFile } from './report.ts';
import { seriesFiles } from './series.ts';
import { stoppingFile } from './stopping.ts';
import { summary } from './summary.ts';
import { summaryMarkdown } from './summary-markdown.ts';
import { table4 } from './table-4.ts';
import { tablesFile } from './tables.ts';

export const EXPORTERS: readonly Exporter[] = [
  seriesFiles,
  summary,
  figure5,
  figure6,
  figureAdditional,
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
 * Writes all of them under `directory`, the experiment's own.
 * @returns what was written, relative to it.
 */
export function writeFiles(results: Results, directory: string): readonly string[] {
  return EXPORTERS.flatMap((exporter) => exporter.write(results, directory));
}
