/**
 * The samples of a benchmark in a cell, laid out as by the artifact's results.py: a row per iteration, a column per
 * run.
 */
import type { Measured, Run } from './experiment-results.ts';

/**
 * The rows as the artifact prints them: with commas, without headings. A run with fewer iterations than others keeps
 * its column, with empty fields; the artifact drops it.
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

/** A run's values by iteration; undefined for an iteration without a sample. */
function columnOf({ iterations, values }: Run): readonly (number | undefined)[] {
  // Usually none is missing, and the values are the column.
  if (iterations.every((iteration, index) => iteration === index + 1)) return values;
  const column: (number | undefined)[] = [];
  for (const [index, iteration] of iterations.entries()) {
    // A second sample of the same iteration, which the journal should not have, goes to the end, so that none is lost.
    column[column[iteration - 1] === undefined ? iteration - 1 : column.length] = values[index];
  }
  return column;
}
