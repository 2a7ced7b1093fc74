/** The results of an experiment, read from its journal: a long one by as many threads as the host has CPUs. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type DamagedLine, journalFile, partsOf, visitDistinct } from '../setup/journal-reader.ts';
import { runKey } from './journal-index.ts';
import { loadParts, type Queue } from './load-parts.ts';
import { collectItems, type Results } from './results.ts';
import { type JournalItem, Stretches } from './stretches.ts';

export interface Loaded {
  readonly results: Results;
  /** Lines of the journal that are left out: they are no record, or stand there twice. */
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
  const items = loaded.flatMap((part) => part.items);
  return isDistinct(items) ? { results: collectItems(items), damaged } : loadDistinct(file);
}

/** Reads record by record: a repeated record can't be taken out of columns and sums. */
function loadDistinct(file: string): Loaded {
  const stretches = new Stretches();
  const damaged = visitDistinct(file, (record) => stretches.add(record));
  return { results: collectItems(stretches.items), damaged };
}

/** Whether no record is repeated: the iterations of each run count up, and it has one series. So nestbench writes them. */
function isDistinct(items: readonly JournalItem[]): boolean {
  const others = new Set<string>();
  const last = new Map<string, number>();
  return items.every((item) => {
    if (item.type === 'samples') {
      const run = runKey(item);
      return item.columns.iteration.every((iteration) => {
        const isNext = iteration > (last.get(run) ?? 0);
        last.set(run, iteration);
        return isNext;
      });
    }
    const name = item.type === 'series' ? runKey(item) : JSON.stringify(item);
    const isNew = !others.has(name);
    others.add(name);
    return isNew;
  });
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
