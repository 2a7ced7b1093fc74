/** Loads the results of an experiment from its journal. */
import { type DamagedLine, distinctRecords, journalFile } from '../../setup/journal/journal-reader.ts';
import { collectResults, type Results } from './experiment-results.ts';

export interface Loaded {
  readonly results: Results;
  /** Lines of the journal that are ignored: they are not records, or they repeat one. */
  readonly damaged: readonly DamagedLine[];
}

/**
 * Reads the journal in `directory`.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if there is none, NESTBENCH_JOURNAL_DAMAGED if its records don't
 * fit one table.
 */
export function loadResults(directory: string): Loaded {
  const damaged: DamagedLine[] = [];
  const results = collectResults(distinctRecords(journalFile(directory), damaged));
  return { results, damaged };
}
