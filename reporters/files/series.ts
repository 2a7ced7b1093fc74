/** `CELL/BENCHMARK.csv`: the samples themselves, in the format of the artifact's results.py. */
import path from 'node:path';
import { InputError } from '../../setup/errors.ts';
import { seriesCsv } from '../series.ts';
import type { Exporter } from './exporter.ts';
import { writeWhole } from '../../setup/write-whole.ts';

export const seriesFiles: Exporter = {
  name: 'CELL/BENCHMARK.csv',
  write: (results, directory) =>
    results.cells.flatMap(({ name, outcomes }) =>
      [...outcomes].flatMap(([benchmark, outcome]) => {
        if (outcome.state !== 'measured') return [];
        const file = path.join(asFileName(name), `${asFileName(benchmark)}.csv`);
        writeWhole(path.join(directory, file), seriesCsv(outcome), { flush: false });
        return file;
      }),
    ),
};

/** Names come from a file that anybody may have edited; none of them may lead out of the directory. */
function asFileName(name: string): string {
  if (/^\w[\w.-]*$/.test(name)) return name;
  throw new InputError(
    'NESTBENCH_JOURNAL_DAMAGED',
    `The journal names a cell or benchmark ${JSON.stringify(name)}, which can't be the name of a file.`,
  );
}
