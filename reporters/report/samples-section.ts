/**
 * Every sample in the order in which it was taken, in a small panel per cell: drift shows as a slope, an outlier as a
 * lone dot. Each panel has its own axis in the benchmark's unit, which spans at least a tenth of the median, so that
 * little noise does not look like much.
 */
import { csv } from '../files/csv.ts';
import { INTERVAL_OF } from '../analysis/interval-words.ts';
import type { BenchmarkRow } from '../model/benchmark-row.ts';
import { formatValue } from '../model/numbers.ts';
import type { Measured, Results } from '../model/experiment-results.ts';
import { dataTable, number } from './data-table.ts';
import { figure, type Panel } from './figure.ts';
import { html, type Html } from './html.ts';
import { samplePanel } from './sample-panel.ts';
import { MAX_POINTS, type SampleSeries, seriesOf, startsOf } from './sample-series.ts';

export function samples(results: Results): Html {
  const figures = results.benchmarks.map((benchmark) => ({
    benchmark,
    series: seriesOf(results, benchmark.name),
  }));
  const known = figures.filter(({ series }) => series.length > 0);
  return html`<section aria-labelledby="samples">
    <h2 id="samples">Samples in run order</h2>
    <p>
      Every sample in the order in which it was taken, with a panel per cell. The horizontal line is the
      median, a vertical line the start of another run. Each panel has its own axis, which spans at least ±5 %
      of the median. Its heading has the number of samples and their range around the median.
    </p>
    ${known.length === 0 ? html`<p class="none">There are no samples yet.</p>` : known.map(({ benchmark, series }) => sampleFigure(benchmark, series))}
  </section>`;
}

function sampleFigure({ name, unit, better }: BenchmarkRow, series: readonly SampleSeries[]): Html {
  const thinned = series.filter(({ points, outcome }) => points.length < outcome.statistics.n);
  return figure({
    name: `samples-${name.replaceAll(/[^\w-]/g, '_')}`,
    title: `${name}, ${unit ?? ''} (${better ?? ''} is better)`,
    description: `Samples of ${name} in ${series.length} cells.`,
    caption:
      thinned.length === 0
        ? null
        : html`<p>
            For a cell with more than ${MAX_POINTS} samples, only the smallest and the largest in each of
            ${MAX_POINTS / 2} equal segments are drawn, so no outlier is lost. All samples are in the files
            <code>CELL/${name}.csv</code>.
          </p>`,
    shown: { panels: series.map((one) => panel(one, name)) },
    table: table(name, series),
    csv: pointsCsv(series),
  });
}

function panel(series: SampleSeries, benchmark: string): Panel {
  const { n, median, min, max } = series.outcome.statistics;
  return {
    title: `${benchmark} in ${series.cell}`,
    description: `${n} samples, median ${formatValue(median)}, from ${formatValue(min)} to ${formatValue(max)} ${series.outcome.unit}.`,
    drawing: samplePanel(series),
  };
}

function table(name: string, series: readonly SampleSeries[]): Html {
  return dataTable(`${name}: all samples of each cell`, series, [
    { heading: 'cell', cell: ({ cell }) => cell },
    { heading: 'runs', cell: ({ runs }) => runs.length, isNumber: true },
    { heading: 'mean', cell: ({ outcome }) => number(outcome.interval.mean, formatValue), isNumber: true },
    { heading: '±', cell: ({ outcome }) => number(outcome.interval.halfWidth, formatValue), isNumber: true },
    {
      heading: '± over',
      cell: ({ outcome: { interval } }) => (interval.halfWidth === null ? '' : INTERVAL_OF[interval.of]),
    },
    ...(
      [
        ['n', ({ n }) => n],
        ['median', ({ median }) => median],
        ['standard deviation', ({ standardDeviation }) => standardDeviation],
        ['min', ({ min }) => min],
        ['max', ({ max }) => max],
      ] satisfies [string, (statistics: Measured['statistics']) => number | null][]
    ).map(([heading, of]) => ({
      heading,
      cell: ({ outcome }: SampleSeries) =>
        number(of(outcome.statistics), heading === 'n' ? String : formatValue),
      isNumber: true,
    })),
  ]);
}

/** The points that are drawn. */
function pointsCsv(series: readonly SampleSeries[]): string {
  const rows = series.flatMap(({ cell, runs, points, outcome: { unit } }) => {
    const starts = startsOf(runs);
    return points.map(({ index, value }) => {
      const at = starts.findLastIndex((start) => start <= index);
      const run = runs[at];
      const within = index - (starts[at] ?? 0);
      return {
        cell,
        unit,
        order: index + 1,
        run: run?.run,
        iteration: run?.iterations[within],
        at: run?.startedAt[within],
        value,
      };
    });
  });
  return csv(rows, {
    cell: ({ cell }) => cell,
    order: ({ order }) => order,
    run: ({ run }) => run,
    iteration: ({ iteration }) => iteration,
    started: ({ at }) => (at === undefined ? null : new Date(at).toISOString()),
    value: ({ value }) => value,
    unit: ({ unit }) => unit,
  });
}
