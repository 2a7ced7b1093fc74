/** The samples of a benchmark in a cell as the artifact's results.py lays them out: a row an iteration, a column a run. */
import type { Measured } from './results.ts';

/** Rows by iteration, each with a field for every run; undefined where that iteration of that run gave no sample. */
export function seriesRows({ runs }: Measured): (number | undefined)[][] {
  const columns = runs.map(({ iterations, values }) => {
    const column: (number | undefined)[] = [];
    for (const [index, iteration] of iterations.entries()) {
      const value = values[index];
      // A second sample of the same iteration, which the journal should not have, goes to the end: none is lost.
      column[column[iteration - 1] === undefined ? iteration - 1 : column.length] = value;
    }
    return column;
  });
  const length = Math.max(...columns.map((column) => column.length));
  return Array.from({ length }, (_, row) => columns.map((column) => column[row]));
}

/**
 * The rows as the artifact prints them: commas, no headings. A run with another number of iterations stays in, with
 * empty fields for those that it has not, where the artifact drops it.
 */
export function seriesCsv(measured: Measured): string {
  // Numbers need no quoting, and there may be a million of them.
  return seriesRows(measured)
    .map((row) => `${row.join(',')}\n`)
    .join('');
}
