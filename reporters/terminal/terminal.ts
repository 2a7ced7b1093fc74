/** What a table has to know of where it is printed. */
import type { TableOptions } from './terminal-table.ts';

/** Where nobody knows the width: as wide as a log is comfortably read. */
export const LOG_COLUMNS = 120;

/** Plain where it is no terminal, or where colours are not wanted (https://no-color.org). */
export function terminalOptions({ isTTY, columns }: NodeJS.WriteStream = process.stdout): TableOptions {
  return {
    columns: isTTY ? columns : LOG_COLUMNS,
    colours: isTTY && process.env['NO_COLOR'] === undefined,
  };
}
