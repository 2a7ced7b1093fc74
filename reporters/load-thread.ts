/** A thread that reads parts of a journal. Columns are handed over without being copied. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadParts, type Queue } from './load-parts.ts';

// Only loadResults starts it, with just that.
const queue: Queue = workerData;
const loaded = loadParts(queue);
const columns = loaded.flatMap(({ items }) =>
  items.flatMap((item) =>
    item.type === 'samples' ? Object.values(item.columns).map(({ buffer }) => buffer) : [],
  ),
);
parentPort?.postMessage(loaded, columns);
