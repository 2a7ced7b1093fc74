/** `stopping.csv`: for every series that a rule was to end, the rule, and why it ended; no file where there is none. */
import path from 'node:path';
import { writeWhole } from '../../setup/write-whole.ts';
import { type Stopping, stoppingOf } from '../stopping.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import type { Exporter } from './exporter.ts';

const COLUMNS: Columns<Stopping> = {
  ...CELL_COLUMNS,
  benchmark: ({ benchmark }) => benchmark,
  run: ({ run }) => run,
  target: ({ rule }) => rule.target,
  nominal_confidence: ({ rule }) => rule.confidence,
  least: ({ rule }) => rule.least,
  most: ({ rule }) => rule.most,
  samples: ({ stop }) => stop?.samples,
  half_width_share: ({ stop }) => stop?.halfWidth,
  stopped: ({ stop }) => stop?.reason ?? 'cut short',
};

export const stoppingFile: Exporter = {
  name: 'stopping.csv',
  write(results, directory) {
    const rows = stoppingOf(results);
    if (rows.length === 0) return [];
    writeWhole(path.join(directory, this.name), csv(rows, COLUMNS));
    return [this.name];
  },
};
