/**
 * What is going on, told by whoever does it to whoever shows it. The progress reporter (in Vitest's main process)
 * listens on a Unix socket named by NESTBENCH_PROGRESS; the global setup and the workers write one JSON object a
 * line. Where nobody listens, telling costs nothing.
 */
import { connect, type Socket } from 'node:net';
import { z } from 'zod';

export const PROGRESS_VARIABLE = 'NESTBENCH_PROGRESS';

export const progressEvent = z.object({
  /** What is worked at: `kernel`, `image`, or a cell's name. A later event of the same task replaces the earlier. */
  task: z.string(),
  /** What it is doing now, in words for a person: `booting L2`, `hackbench: iteration 2 of 3`. */
  text: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  /** A milestone: its line stays and is printed once. Other lines make way for the next. */
  lasting: z.boolean().optional(),
  /** How much of the task is done, 0 to 1, where that is known. */
  fraction: z.number().min(0).max(1).optional(),
  /** About how long the rest of the task takes, where that can be told. */
  secondsLeft: z.number().nonnegative().optional(),
});
export type ProgressEvent = z.infer<typeof progressEvent>;

let socket: Socket | undefined;

/** Tells what is going on. Never throws and never waits: progress must not disturb the work. */
export function tell(event: ProgressEvent): void {
  const path = process.env[PROGRESS_VARIABLE];
  if (path === undefined) return;
  if (socket === undefined) {
    socket = connect(path);
    socket.on('error', () => {});
    socket.unref();
  }
  socket.write(JSON.stringify(event) + '\n');
}
