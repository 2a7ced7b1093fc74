/** `tables.txt`: everything that a terminal can show of an experiment, as wide as a log. */
import { LOG_COLUMNS } from '../terminal/terminal.ts';
import { terminalTable } from '../terminal/terminal-table.ts';
import { textFile } from './exporter.ts';

export const tablesFile = textFile(
  'tables.txt',
  (results) => `${terminalTable(results, { columns: LOG_COLUMNS, colours: false })}\n`,
);
