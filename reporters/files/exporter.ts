/** An exporter writes one kind of derived file. */
import path from 'node:path';
import { writeWhole } from '../../setup/lib/write-whole.ts';
import type { Results } from '../model/experiment-results.ts';

export interface Exporter {
  /** The file it writes, relative to the experiment's directory; `CELL/BENCHMARK.csv` for one that writes several. */
  readonly name: string;
  /**
   * Writes its files under `directory`, each to a temporary file that is then renamed.
   * @returns the paths written, relative to `directory`.
   */
  write(results: Results, directory: string): readonly string[];
}

/** An exporter of one file. `textOf` returns its text, or null to write no file. */
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
