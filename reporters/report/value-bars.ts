/** The means of one benchmark as horizontal bars from zero, a row per cell, with their intervals. */
import type { Value } from '../analysis/values.ts';
import { formatMean } from '../model/numbers.ts';
import { inFewDigits } from './digits.ts';
import type { Panel } from './figure.ts';
import { colour, fillOf } from './palette.ts';
import { NAMES_WIDTH, panelTitle, rowNames } from './panel-marks.ts';
import { draw, plotLibrary } from './svg.ts';

const WIDTH = 364;
const ROW = 24;
/** An interval over few samples may be many times its mean; the bars would then be too short to compare. */
const WIDEST_INTERVAL = 2;

interface Row {
  readonly name: string;
  readonly configuration: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

/** Whether a whisker of the panel is cut at its edge. */
export function isCut(values: readonly Value[]): boolean {
  const rows = values.map(rowOf);
  return rows.some(({ high }) => high > axisEnd(rows));
}

export function valueBars(values: readonly Value[]): Panel {
  const rows = values.map(rowOf);
  const max = axisEnd(rows);
  const [first] = values;
  const title = `${first?.benchmark.name}, ${first?.outcome.unit} (${first?.outcome.better} is better)`;
  const within = rows.filter(({ low, high }) => low < high);
  const whisker = {
    x1: ({ low }: Row) => Math.max(0, low),
    x2: ({ high }: Row) => Math.min(max, high),
    y: 'name',
  };
  const plot = plotLibrary();
  const drawing = draw({
    width: WIDTH,
    height: 44 + ROW * rows.length,
    marginLeft: NAMES_WIDTH,
    marginRight: 104,
    marginTop: 24,
    marginBottom: 20,
    x: { type: 'linear', domain: [0, max], axis: null },
    y: { type: 'band', domain: rows.map(({ name }) => name), axis: null, padding: 0.3 },
    marks: [
      plot.gridX({ ticks: 3, stroke: colour('grid'), strokeOpacity: 1 }),
      plot.axisX({ ticks: 3, tickSize: 0, tickFormat: inFewDigits, fill: colour('muted'), label: null }),
      rowNames(rows),
      plot.barX(rows, {
        x1: 0,
        x2: 'mean',
        y: 'name',
        fill: ({ configuration }: Row) => fillOf(configuration),
      }),
      // A halo keeps the whisker visible on its own bar.
      plot.ruleY(within, { ...whisker, stroke: colour('paper'), strokeWidth: 3.4 }),
      plot.ruleY(within, { ...whisker, stroke: colour('ink'), strokeWidth: 1.2 }),
      plot.text(rows, { x: max, y: 'name', text: 'text', textAnchor: 'start', dx: 8, fill: colour('ink') }),
      panelTitle(title),
    ],
  });
  return { title, description: `${rows.map(({ name, text }) => `${name} ${text}`).join(', ')}.`, drawing };
}

function rowOf({ cell, outcome: { interval, failures } }: Value): Row {
  const { mean, halfWidth } = formatMean(interval);
  const number = halfWidth === null ? mean : `${mean} ± ${halfWidth}`;
  return {
    name: cell.name,
    configuration: cell.configuration,
    mean: interval.mean,
    low: interval.mean - (interval.halfWidth ?? 0),
    high: interval.mean + (interval.halfWidth ?? 0),
    text: failures.length === 0 ? number : `${number} *`,
  };
}

function axisEnd(rows: readonly Row[]): number {
  const largest = Math.max(...rows.map(({ mean }) => mean));
  return Math.min(Math.max(...rows.map(({ high }) => high)), WIDEST_INTERVAL * largest);
}
