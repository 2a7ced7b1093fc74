/**
 * `figure-5.csv`, `figure-6.csv` and `figure-additional.csv`: the overhead of nested levels against L0 and its 95 %
 * confidence interval, a row for each bar of the figure. Where a bar can't be drawn its overhead is empty and its reason
 * is told.
 */
import { levelName } from '../../fixtures/matrix.ts';
import {
  ADDITIONAL,
  type Bar,
  barsOf,
  FIGURE_5,
  FIGURE_6,
  type OverheadFigure,
} from '../overhead-figures.ts';
import { type Columns, csv } from './csv.ts';
import { type Exporter, textFile } from './exporter.ts';

const COLUMNS: Columns<Bar> = {
  benchmark: ({ benchmark }) => benchmark,
  level: ({ level }) => levelName(level),
  configuration: ({ configuration }) => configuration,
  overhead: ({ overhead }) => overhead,
  low_95: ({ low }) => low,
  high_95: ({ high }) => high,
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
