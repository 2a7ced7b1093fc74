/**
 * `figure-5.csv`, `figure-6.csv` and `figure-additional.csv`: the overhead of nested levels against L0, one row per bar
 * of the figure. If both sides were booted at least twice, the row also has the ratio of their means over boots with
 * its 95 % confidence interval. `reason` says why a bar can't be drawn, or is incomplete.
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
  storage: ({ storage }) => storage,
  reason: ({ reason }) => reason,
};

export function barsCsv(bars: readonly Bar[]): string {
  return csv(bars, COLUMNS);
}

export const figure5 = exporter(FIGURE_5);
export const figure6 = exporter(FIGURE_6);
export const figureAdditional = exporter(ADDITIONAL);

function exporter(figure: OverheadFigure): Exporter {
  return textFile(`${figure.name}.csv`, (results) => barsCsv(barsOf(results, figure)));
}
