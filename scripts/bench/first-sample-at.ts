/** When the first sample of a journal began; also of one that another version of nestbench wrote. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const sample = z.object({ type: z.literal('sample'), started: z.iso.datetime() });

/** @returns milliseconds since the epoch; undefined if there is no sample. */
export function firstSampleAt(journal: string): number | undefined {
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
  const starts = lines.flatMap((line) => {
    const { success, data } = sample.safeParse(JSON.parse(line));
    return success ? [Date.parse(data.started)] : [];
  });
  return starts.length === 0 ? undefined : Math.min(...starts);
}
