/** The results of an experiment, read from its journal: a long one by as many threads as the host has CPUs. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type DamagedLine, journalFile, type Part, partsOf, visitJournal } from '../setup/journal-reader.ts';
import { collectItems, type Results } from './results.ts';
import { type JournalItem, Stretches } from './stretches.ts';

export interface Loaded {
  readonly results: Results;
  /** Lines of the journal that are no record, which are left out. */
  readonly damaged: readonly DamagedLine[];
}

/** What a thread made of its part of a journal. */
export interface LoadedPart {
  readonly items: readonly JournalItem[];
  /** Numbered from the part's own start. */
  readonly damaged: readonly DamagedLine[];
  readonly lines: number;
}

/** Below this a thread's start (0.1 s, with the modules it loads) takes longer than it saves: some 10,000 samples. */
const THREADED_BYTES = 10 * 2 ** 20;
/** More threads share the memory's bandwidth, and each takes its own memory (measured up to 2 CPUs). */
const MOST_THREADS = 4;
/**
 * Of each thread, for what it has parsed and forgets at once. Measured with a million samples, in all: 533 to 568 MB at V8's
 * own limit, 471 to 495 MB at 6 MiB, 481 to 494 MB and a little sooner done at 16 MiB, 505 to 509 MB at 32 MiB.
 */
const YOUNG_MIB = 16;

/**
 * Reads the journal in `directory`.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT where there is none, NESTBENCH_JOURNAL_DAMAGED where its records
 * can't stand in one table.
 */
export async function loadResults(directory: string): Promise<Loaded> {
  const file = journalFile(directory);
  const isLong = statSync(file).size >= THREADED_BYTES;
  const parts = isLong
    ? await Promise.all(
        partsOf(file, Math.min(availableParallelism(), MOST_THREADS)).map((part) => inThread(file, part)),
      )
    : [loadPart(file)];
  let before = 0;
  const damaged = parts.flatMap(({ damaged: its, lines }) => {
    const counted = its.map(({ line, reason }) => ({ line: line + before, reason }));
    before += lines;
    return counted;
  });
  return { results: collectItems(parts.flatMap(({ items }) => items)), damaged };
}

/** Reads a journal or a part of it in this thread. */
export function loadPart(file: string, part?: Part): LoadedPart {
  const stretches = new Stretches();
  const damaged: DamagedLine[] = [];
  const lines = visitJournal(
    file,
    { record: (record) => stretches.add(record), damaged: (line) => void damaged.push(line) },
    part,
  );
  return { items: stretches.items, damaged, lines };
}

function inThread(file: string, part: Part): Promise<LoadedPart> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('load-thread.ts', import.meta.url), {
      workerData: { file, part },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that read ${file} ended with ${code}`)));
  });
}
