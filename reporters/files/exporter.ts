/** What writes one kind of derived file. */
import type { Results } from '../results.ts';

export interface Exporter {
  /** The file it writes, relative to the experiment's directory; `CELL/BENCHMARK.csv` where it writes several. */
  readonly name: string;
  /**
   * Writes its file or files under `directory`, each beside and then renamed into place.
   * @returns what it wrote, relative to `directory`.
   */
  write(results: Results, directory: string): readonly string[];
}
