/** A thread that reads its part of a journal. Columns are handed over without being copied. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { loadPart } from './load.ts';

const { file, part } = z
  .object({ file: z.string(), part: z.object({ start: z.number(), end: z.number() }) })
  .parse(workerData);
const loaded = loadPart(file, part);
const columns = loaded.items.flatMap((item) =>
  item.type === 'samples' ? Object.values(item.columns).map(({ buffer }) => buffer) : [],
);
parentPort?.postMessage(loaded, columns);
