/** `report.html`: the whole experiment as one page that a browser shows without any network. */
import path from 'node:path';
import { reportHtml } from '../report/report.ts';
import type { Exporter } from './exporter.ts';
import { writeWhole } from '../../setup/write-whole.ts';

export const reportFile: Exporter = {
  name: 'report.html',
  write(results, directory) {
    writeWhole(path.join(directory, this.name), reportHtml(results));
    return [this.name];
  },
};
