/** Reports the progress of a stream by its bytes. */
import { Transform } from 'node:stream';
import { reportProgress } from '../../lib/task-progress.ts';
import { progressAt } from '../progress-rate.ts';

/** Passes everything on. `total` is the expected number of bytes. */
export function countBytes(task: string, text: string, total: number): Transform {
  const started = performance.now();
  let done = 0;
  return new Transform({
    transform(chunk: Buffer, _, pass) {
      done += chunk.length;
      const elapsed = (performance.now() - started) / 1000;
      reportProgress({ task, text, state: 'running', ...progressAt(Math.min(done, total), total, elapsed) });
      pass(null, chunk);
    },
  });
}
