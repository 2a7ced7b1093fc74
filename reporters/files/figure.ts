/**
 * `figure-5.csv`, `figure-6.csv` and `figure-additional.csv`: the overhead of nested levels against L0 and its 95 %
 * confidence interval, a row for each bar of the figure. Where a bar can't be drawn its overhead is empty and its reason
 * is told.
 */
import path from 'node:path';
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
import type { Exporter } from './exporter.ts';
import { writeWhole } from '../../setup/write-whole.ts';

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
  const name = `${figure.name}.csv`;
  return {
    name,
    write(results, directory) {
      writeWhole(path.join(directory, name), barsCsv(barsOf(results, figure)));
      return [name];
    },
  };
}
