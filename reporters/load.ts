/** The results of an experiment, read from its journal: a long one by as many threads as the host has CPUs. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type DamagedLine, journalFile, partsOf } from '../setup/journal-reader.ts';
import { loadParts, type Queue } from './load-parts.ts';
import { collectItems, type Results } from './results.ts';

export interface Loaded {
  readonly results: Results;
  /** Lines of the journal that are no record, which are left out. */
  readonly damaged: readonly DamagedLine[];
}

/** Some 16,000 samples, for which a thread takes less time (0.05 s) than for its start. */
const PART_BYTES = 16 * 2 ** 20;
/** More threads share the memory's bandwidth, and each takes its own memory (measured up to 2 CPUs). */
const MOST_THREADS = 4;
/**
 * Of each thread, for what it forgets at once. Measured with a million samples, when every line was parsed as JSON: 533
 * to 568 MB in all at V8's own limit, 481 to 494 MB at 16 MiB, 505 to 509 MB at 32 MiB. (Now it is 400 to 446 MB.)
 */
const YOUNG_MIB = 16;

/**
 * Reads the journal in `directory`.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT where there is none, NESTBENCH_JOURNAL_DAMAGED where its records
 * can't stand in one table.
 */
export async function loadResults(directory: string): Promise<Loaded> {
  const file = journalFile(directory);
  const parts = partsOf(file, Math.ceil(statSync(file).size / PART_BYTES));
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const helpers = Math.min(availableParallelism(), MOST_THREADS, parts.length) - 1;
  const queue = { file, parts, next };
  const theirs = Array.from({ length: helpers }, () => inThread(queue));
  const each = await Promise.all([...theirs, Promise.try(() => loadParts(queue))]);
  const loaded = each.flat().toSorted((one, other) => one.index - other.index);
  let before = 0;
  const damaged = loaded.flatMap(({ damaged: its, lines }) => {
    const counted = its.map(({ line, reason }) => ({ line: line + before, reason }));
    before += lines;
    return counted;
  });
  return { results: collectItems(loaded.flatMap(({ items }) => items)), damaged };
}

function inThread(queue: Queue): Promise<ReturnType<typeof loadParts>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('load-thread.ts', import.meta.url), {
      workerData: queue,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that read ${queue.file} ended with ${code}`)));
  });
}
