/** The results of an experiment, read from its journal. */
import { type DamagedLine, distinctRecords, journalFile } from '../../setup/journal/journal-reader.ts';
import { collectResults, type Results } from './experiment-results.ts';

export interface Loaded {
  readonly results: Results;
  /** Lines of the journal that are left out: they are not records, or they repeat one. */
  readonly damaged: readonly DamagedLine[];
}

/**
 * Reads the journal in `directory`.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT where there is none, NESTBENCH_JOURNAL_DAMAGED where its records
 * can't be put in one table.
 */
export function loadResults(directory: string): Loaded {
  const damaged: DamagedLine[] = [];
  const results = collectResults(distinctRecords(journalFile(directory), damaged));
  return { results, damaged };
}
