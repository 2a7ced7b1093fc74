/** The figures of overhead: the paper's 5 and 6, and one of the configurations that are not in the paper. */
import { isPaperCell } from '../../fixtures/matrix.ts';
import {
  EXTENSIONS,
  ADDITIONAL,
  type Bar,
  barsOf,
  BREAKDOWN_FIGURE,
  OVERHEAD_FIGURES,
  type OverheadFigure,
} from '../analysis/overhead-figures.ts';
import { breakdown } from '../analysis/breakdown.ts';
import { barsCsv } from '../files/figure-csv.ts';
import { INTERVAL_OF } from '../analysis/interval-words.ts';
import { NATIVE_CELL } from '../analysis/overhead.ts';
import type { Results } from '../model/experiment-results.ts';
import { breakdownData } from './breakdown-data.ts';
import { dataTable, number } from './data-table.ts';
import { shortOverhead } from './digits.ts';
import { type Breadth, figure, WIDTHS } from './figure.ts';
import { groupedBars, scaleOf } from './grouped-bars.ts';
import { type Content, html, type Html } from './html.ts';

/** The number of benchmarks in a row, and its height: two figures fit on a page of A4. */
const ROWS: Readonly<Record<Breadth, { readonly groups: number; readonly height: number }>> = {
  narrow: { groups: 2, height: 230 },
  medium: { groups: 4, height: 180 },
  wide: { groups: 7, height: 300 },
};

export function overheads(results: Results): Html {
  const figures = OVERHEAD_FIGURES.map((each) => ({ each, bars: barsOf(results, each) })).filter(
    ({ each, bars }) => drawable(bars).some(({ cell }) => each !== ADDITIONAL || !isPaperCell(cell)),
  );
  return html`<section aria-labelledby="overheads">
    <h2 id="overheads">Overhead against native</h2>
    <p>
      How many times worse a level is than the bare machine (L0): native divided by measured for rates,
      measured divided by native for times. 1.0 is native. Bars show the artifact’s number, the best of the
      runs’ averages.
    </p>
    ${
      figures.length === 0
        ? html`<p class="none">
            There is nothing to draw: an overhead needs ${NATIVE_CELL} and another cell.
          </p>`
        : figures.map(({ each, bars }) => overheadFigure(each, bars))
    }
    ${breakdownFigure(results)}
  </section>`;
}

/**
 * The bars of the benchmarks and cells that were run; those without a native have a figure of their own (values-section.ts).
 */
function drawable(bars: readonly Bar[]): Bar[] {
  const run = bars.filter(({ reason }) => !isNotRun(reason));
  const benchmarks = new Set(run.map(({ benchmark }) => benchmark));
  const cells = new Set(run.map(({ cell }) => cell));
  return bars.filter(({ benchmark, cell }) => benchmarks.has(benchmark) && cells.has(cell));
}

function isNotRun(reason: string): boolean {
  return reason === 'not run' || reason === `${NATIVE_CELL}: not run`;
}

/** Only if its own steps were measured: its figure, and what each step brings as a table. */
function breakdownFigure(results: Results): Content {
  const rows = breakdown(results);
  if (rows.length === 0) return null;
  const run = new Set(rows.map(({ benchmark }) => benchmark));
  const bars = barsOf(results, BREAKDOWN_FIGURE).filter(({ benchmark }) => run.has(benchmark));
  return html`${overheadFigure(BREAKDOWN_FIGURE, bars)} ${breakdownData(rows)}`;
}

/** The table and the file have all bars, the drawing those of what was run. */
function overheadFigure(each: OverheadFigure, all: readonly Bar[]): Html {
  const { name, title } = each;
  const bars = drawable(all);
  if (bars.every(({ overhead }) => overhead === null)) {
    return html`<div class="figure">
      <h3 id="${name}">${title}</h3>
      <p class="none">No overhead can be drawn yet.</p>
      ${reasons(bars)}
    </div>`;
  }
  return figure({
    name,
    title,
    description: describe(bars),
    caption: html`<p>
        ${each === ADDITIONAL ? NOT_OF_THE_PAPER : ''}The axis is logarithmic and bars stand on 1.0, native:
        equal heights mean equal factors. ${intervalNote(bars)}
      </p>
      ${reasons(bars)}`,
    shown: {
      draw: (breadth) =>
        groupedBars(bars, {
          width: WIDTHS[breadth],
          ...ROWS[breadth],
          scope: `${name}-${breadth}`,
          labels: each.labels,
        }),
    },
    table: table(title, all),
    csv: barsCsv(all),
  });
}

const NOT_OF_THE_PAPER = `Not a figure of the paper. ${EXTENSIONS.map(
  (each) => `${each.extends} is shown next to ${each.name}, which extends it. `,
).join('')}`;

const WITHIN_ONE_BOOT =
  'measurements within one boot do not show how boots differ; that takes two boots of the cell and two of l0-baseline.';

/** What the whiskers are, and why bars have none. */
function intervalNote(bars: readonly Bar[]): string {
  const intervals = bars.flatMap(({ interval }) => interval ?? []);
  if (intervals.length === 0) return `There are no whiskers: ${WITHIN_ONE_BOOT}`;
  const isWithout = bars.some(({ overhead, interval }) => overhead !== null && interval === null);
  const scale = scaleOf(bars);
  const isCut = intervals.some(({ low, high }) => low < scale.low || high > scale.high);
  const over = [...new Set(intervals.map(({ of }) => INTERVAL_OF[of]))].join(', or over ');
  return (
    `Whiskers are 95 % confidence intervals of the ratio of the means over ${over} (Student’s t on its logarithm, assuming normally distributed boots); ` +
    'the best of the runs, which the bar shows, may lie outside.' +
    (isCut ? ' Whiskers that end in an arrow-head continue; the table has their ends.' : '') +
    (isWithout ? ` A bar has none if one of its sides has only one boot: ${WITHIN_ONE_BOOT}` : '')
  );
}

/** Why bars are missing or incomplete, each reason once. What was not run is in the overview. */
function reasons(bars: readonly Bar[]): Content {
  const its = [
    ...Map.groupBy(
      bars.filter(({ reason }) => reason !== '' && !isNotRun(reason)),
      ({ reason }) => reason,
    ),
  ];
  if (its.length === 0) return null;
  return html`<ul class="reasons">
    ${its.map(([reason, where]) => html`<li><b>${placesOf(where, bars)}</b>: ${reason}</li>`)}
  </ul>`;
}

/** Cells with the same benchmarks are grouped. A cell with all of the figure's benchmarks is named alone. */
function placesOf(where: readonly Bar[], all: readonly Bar[]): string {
  const benchmarks = new Set(all.map(({ benchmark }) => benchmark)).size;
  const cells = [...Map.groupBy(where, ({ cell }) => cell)].map(([cell, its]) => ({
    cell,
    names: its.length === benchmarks ? '' : its.map(({ benchmark }) => benchmark).join(', '),
  }));
  return [...Map.groupBy(cells, ({ names }) => names)]
    .map(([names, its]) => `${its.map(({ cell }) => cell).join(', ')}${names === '' ? '' : ` (${names})`}`)
    .join('; ');
}

function describe(bars: readonly Bar[]): string {
  const known = bars.flatMap(({ overhead, benchmark, cell }) =>
    overhead === null ? [] : { overhead, benchmark, cell },
  );
  const sorted = known.toSorted((one, other) => one.overhead - other.overhead);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return 'No bars.';
  const say = ({ overhead, benchmark, cell }: (typeof known)[number]) =>
    `${shortOverhead(overhead)} times native (${benchmark}, ${cell})`;
  return `Bar chart of ${known.length} overheads, from ${say(min)} to ${say(max)}. The table below has all of them.`;
}

function table(title: string, bars: readonly Bar[]): Html {
  return dataTable(`${title}: times native`, bars, [
    { heading: 'benchmark', cell: ({ benchmark }) => benchmark },
    { heading: 'cell', cell: ({ cell }) => cell },
    { heading: 'overhead', cell: ({ overhead }) => number(overhead, shortOverhead), isNumber: true },
    { heading: 'of means', cell: ({ interval }) => number(interval?.ratio, shortOverhead), isNumber: true },
    { heading: '95 % from', cell: ({ interval }) => number(interval?.low, shortOverhead), isNumber: true },
    { heading: 'to', cell: ({ interval }) => number(interval?.high, shortOverhead), isNumber: true },
    { heading: 'over', cell: ({ interval }) => interval && INTERVAL_OF[interval.of] },
    { heading: 'loader', cell: ({ loader }) => loader },
    { heading: 'storage', cell: ({ storage }) => storage },
    { heading: 'note', cell: ({ reason }) => reason },
  ]);
}
