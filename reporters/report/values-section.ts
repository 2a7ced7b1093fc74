/** The values of the cells side by side, for the benchmarks that have no native to compare with. */
import { INTERVAL_OF, intervalTexts, SHORT } from '../analysis/interval-words.ts';
import { NATIVE_CELL, nativeCommand } from '../analysis/overhead.ts';
import { reasonOf } from '../analysis/reason.ts';
import { type Value, valuesWithoutNative } from '../analysis/values.ts';
import { CELL_COLUMNS } from '../files/cell-columns.ts';
import { type Columns, csv } from '../files/csv.ts';
import type { Results } from '../model/experiment-results.ts';
import { formatValue } from '../model/numbers.ts';
import { dataTable, number } from './data-table.ts';
import { figure } from './figure.ts';
import { html, type Html } from './html.ts';
import { isCut, valueBars } from './value-bars.ts';

const TITLE = 'Means of the cells';

/** null if there are none. */
export function values(results: Results): Html | null {
  const all = valuesWithoutNative(results);
  if (all.length === 0) return null;
  const byBenchmark = [...Map.groupBy(all, ({ benchmark }) => benchmark).values()];
  return html`<section aria-labelledby="values">
    <h2 id="values">Measured values</h2>
    <p>
      The cells side by side, for each benchmark without a native number: ${NATIVE_CELL} was not measured. To
      measure it: <code>${nativeCommand(results)}</code>
    </p>
    ${figure({
      name: 'measured-values',
      title: TITLE,
      description: `Means of ${byBenchmark.length} benchmarks, by cell.`,
      caption: html`<p>
        Bars begin at zero.
        ${whiskerNote(results)}${
          byBenchmark.some(isCut) ? ' A whisker that reaches the edge is longer.' : ''
        }${
          all.some(({ outcome }) => outcome.failures.length > 0)
            ? ' * has fewer samples than planned; see the failures.'
            : ''
        }
      </p>`,
      shown: { panels: byBenchmark.map(valueBars) },
      table: table(all),
      csv: csv(all, COLUMNS),
    })}
  </section>`;
}

function whiskerNote(results: Results): string {
  const kinds = intervalTexts(results, SHORT);
  if (kinds.length === 0) return 'There are no whiskers: one sample has no interval.';
  const words = kinds.map(({ text, places }) => (places === '' ? text : `${text} (${places})`));
  return `Whiskers are the intervals of the means: ${words.join('; ')}.`;
}

function spreadOver({ outcome: { interval } }: Value): string {
  return interval.halfWidth === null ? '' : INTERVAL_OF[interval.of];
}

const COLUMNS: Columns<Value> = {
  benchmark: ({ benchmark }) => benchmark.name,
  ...CELL_COLUMNS,
  n: ({ outcome }) => outcome.statistics.n,
  mean: ({ outcome }) => outcome.interval.mean,
  half_width: ({ outcome }) => outcome.interval.halfWidth,
  interval_of: spreadOver,
  unit: ({ outcome }) => outcome.unit,
  reason: ({ outcome }) => reasonOf(outcome),
};

function table(all: readonly Value[]): Html {
  return dataTable(TITLE, all, [
    { heading: 'benchmark', cell: ({ benchmark }) => benchmark.name },
    { heading: 'cell', cell: ({ cell }) => cell.name },
    { heading: 'samples', cell: ({ outcome }) => outcome.statistics.n, isNumber: true },
    { heading: 'mean', cell: ({ outcome }) => number(outcome.interval.mean, formatValue), isNumber: true },
    { heading: '±', cell: ({ outcome }) => number(outcome.interval.halfWidth, formatValue), isNumber: true },
    { heading: '± over', cell: spreadOver },
    { heading: 'unit', cell: ({ outcome }) => outcome.unit },
    { heading: 'note', cell: ({ outcome }) => reasonOf(outcome) },
  ]);
}
