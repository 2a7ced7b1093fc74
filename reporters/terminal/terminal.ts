/** Properties of the output that a table depends on. */
import type { TableOptions } from './terminal-table.ts';

/** Used if the width is unknown: the width of a legible log. */
export const LOG_COLUMNS = 120;

/** Plain text if it is not a terminal, or if colours are disabled (https://no-color.org). */
export function terminalOptions({ isTTY, columns }: NodeJS.WriteStream = process.stdout): TableOptions {
  return {
    // A serial console is a terminal of no columns.
    columns: (isTTY && columns) || LOG_COLUMNS,
    colours: isTTY && process.env['NO_COLOR'] === undefined,
  };
}
