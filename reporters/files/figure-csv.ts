/**
 * `figure-5.csv`, `figure-6.csv` and `figure-additional.csv`: the overhead of nested levels against L0, a row for each bar
 * of the figure. Where both were booted twice or more, the ratio of their means over boots stands beside it with its 95 %
 * confidence interval. `reason` says why a bar can't be drawn, or is not whole.
 */
import { levelName } from '../../fixtures/matrix.ts';
import { INTERVAL_OF } from '../analysis/interval-words.ts';
import {
  ADDITIONAL,
  type Bar,
  barsOf,
  FIGURE_5,
  FIGURE_6,
  type OverheadFigure,
} from '../analysis/overhead-figures.ts';
import { type Columns, csv } from './csv.ts';
import { type Exporter, textFile } from './exporter.ts';

const COLUMNS: Columns<Bar> = {
  benchmark: ({ benchmark }) => benchmark,
  level: ({ level }) => levelName(level),
  configuration: ({ configuration }) => configuration,
  overhead: ({ overhead }) => overhead,
  ratio_of_means: ({ interval }) => interval?.ratio,
  low_95: ({ interval }) => interval?.low,
  high_95: ({ interval }) => interval?.high,
  interval_of: ({ interval }) => interval && `ratio of means over ${INTERVAL_OF[interval.of]}`,
  loader: ({ loader }) => loader,
  reason: ({ reason }) => reason,
};

/** The file's text. */
export function barsCsv(bars: readonly Bar[]): string {
  return csv(bars, COLUMNS);
}

export const figure5 = exporter(FIGURE_5);
export const figure6 = exporter(FIGURE_6);
export const figureAdditional = exporter(ADDITIONAL);

function exporter(figure: OverheadFigure): Exporter {
  return textFile(`${figure.name}.csv`, (results) => barsCsv(barsOf(results, figure)));
}
