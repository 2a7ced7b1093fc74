/**
 * `exchange/otava.csv` and `exchange/otava.yaml`: for Apache Otava, which finds change points in a series of rows
 * (https://github.com/apache/otava, docs/CSV.md). An experiment is one row. The columns cover the whole matrix, so that
 * the rows of many nights can be joined under one heading: `(head -1 results/A/exchange/otava.csv; tail -qn1
 * results/*\/exchange/otava.csv) > results/otava.csv`.
 */
import { BENCHMARKS } from '../../../fixtures/benchmarks/index.ts';
import { CELLS } from '../../../fixtures/matrix.ts';
import { stringify } from 'yaml';
import type { Results } from '../../model/experiment-results.ts';
import { type Columns, csv } from '../csv.ts';
import { textFile } from '../exporter.ts';
import { measuredSeries } from './measured.ts';

/** In the matrix's order, measured or not. */
const COLUMNS = CELLS.flatMap(({ name: cell }) =>
  BENCHMARKS.map(({ name: benchmark, better }) => ({ name: `${cell}/${benchmark}`, better })),
);

export const otavaCsv = textFile('exchange/otava.csv', (results) => csv([results], columnsOf(results)));
export const otavaConfiguration = textFile('exchange/otava.yaml', () => stringify(tests()));

function columnsOf(results: Results): Columns<Results> {
  const means = new Map(measuredSeries(results).map(({ name, interval }) => [name, interval.mean]));
  return {
    time: ({ starts }) => starts.at(-1)?.at,
    experiment: ({ experiment }) => experiment,
    commit: ({ starts }) => starts.at(-1)?.commit,
    ...Object.fromEntries(COLUMNS.map(({ name }) => [name, () => means.get(name)])),
  };
}

/** One test per cell. Direction 1 means that higher is better, -1 that lower is. */
function tests() {
  const ofCell = CELLS.map(({ name: cell }) => [
    cell,
    {
      type: 'csv',
      file: 'otava.csv',
      time_column: 'time',
      attributes: ['experiment', 'commit'],
      metrics: Object.fromEntries(
        BENCHMARKS.map(({ name, better }) => [
          name,
          { column: `${cell}/${name}`, direction: better === 'higher' ? 1 : -1, scale: 1 },
        ]),
      ),
      csv_options: { delimiter: ',', quote_char: '"' },
    },
  ]);
  return { tests: Object.fromEntries(ofCell) };
}
