/** What writes one kind of derived file. */
import path from 'node:path';
import { writeWhole } from '../../setup/lib/write-whole.ts';
import type { Results } from '../model/experiment-results.ts';

export interface Exporter {
  /** The file it writes, relative to the experiment's directory; `CELL/BENCHMARK.csv` where it writes several. */
  readonly name: string;
  /**
   * Writes its file or files under `directory`, each beside and then renamed into place.
   * @returns what it wrote, relative to `directory`.
   */
  write(results: Results, directory: string): readonly string[];
}

/** What writes one file, of the text that `textOf` makes of the results; none where that is null. */
export function textFile(name: string, textOf: (results: Results) => string | null): Exporter {
  return {
    name,
    write(results, directory) {
      const text = textOf(results);
      if (text === null) return [];
      writeWhole(path.join(directory, name), text, { flush: false });
      return [name];
    },
  };
}
