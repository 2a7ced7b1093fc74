/** `tables.txt`: everything that a terminal can show of an experiment, as wide as a log. */
import path from 'node:path';
import { writeWhole } from '../../setup/write-whole.ts';
import { LOG_COLUMNS } from '../terminal.ts';
import { terminalTable } from '../terminal-table.ts';
import type { Exporter } from './exporter.ts';

export const tablesFile: Exporter = {
  name: 'tables.txt',
  write(results, directory) {
    const text = terminalTable(results, { columns: LOG_COLUMNS, colours: false });
    writeWhole(path.join(directory, this.name), `${text}\n`);
    return [this.name];
  },
};
