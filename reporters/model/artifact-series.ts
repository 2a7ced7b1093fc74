/** The samples of a benchmark in a cell as the artifact's results.py lays them out: a row an iteration, a column a run. */
import type { Measured, Run } from './experiment-results.ts';

/**
 * The rows as the artifact prints them: commas, no headings. A run with another number of iterations stays in, with
 * empty fields for those that it has not, where the artifact drops it.
 */
export function seriesCsv({ runs }: Measured): string {
  const columns = runs.map(columnOf);
  const length = Math.max(...columns.map((column) => column.length));
  let text = '';
  // Numbers need no quoting, and there may be 100,000 of them.
  for (let row = 0; row < length; row++) {
    let line = '';
    for (const [index, column] of columns.entries()) line += (index === 0 ? '' : ',') + (column[row] ?? '');
    text += `${line}\n`;
  }
  return text;
}

/** A run's values by iteration; undefined where that iteration gave no sample. */
function columnOf({ iterations, values }: Run): readonly (number | undefined)[] {
  // As a rule none is missing, and they are the column.
  if (iterations.every((iteration, index) => iteration === index + 1)) return values;
  const column: (number | undefined)[] = [];
  for (const [index, iteration] of iterations.entries()) {
    // A second sample of the same iteration, which the journal should not have, goes to the end: none is lost.
    column[column[iteration - 1] === undefined ? iteration - 1 : column.length] = values[index];
  }
  return column;
}
