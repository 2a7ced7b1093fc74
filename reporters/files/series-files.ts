/** `CELL/BENCHMARK.csv`: the samples themselves, in the format of the artifact's results.py. */
import path from 'node:path';
import { seriesCsv } from '../model/artifact-series.ts';
import type { Exporter } from './exporter.ts';
import { writeWhole } from '../../setup/lib/write-whole.ts';

export const seriesFiles: Exporter = {
  name: 'CELL/BENCHMARK.csv',
  write: (results, directory) =>
    results.cells.flatMap(({ name, outcomes }) =>
      [...outcomes].flatMap(([benchmark, outcome]) => {
        if (outcome.state !== 'measured') return [];
        // The journal's reader rejects names that lead elsewhere (setup/journal/journal-check.ts).
        const file = path.join(name, `${benchmark}.csv`);
        writeWhole(path.join(directory, file), seriesCsv(outcome), { flush: false });
        return file;
      }),
    ),
};
