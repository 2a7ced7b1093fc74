/**
 * Progress events, from what does the work to what shows it. The progress reporter (in Vitest's main process)
 * listens on a Unix socket named by NESTBENCH_PROGRESS; the global setup and the workers write one JSON object per
 * line. Without a listener, reporting costs nothing.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

export const PROGRESS_VARIABLE = 'NESTBENCH_PROGRESS';

/** The socket of a program that started this run and shows its progress, as `npm run ab` does. */
export const FORWARD_VARIABLE = 'NESTBENCH_PROGRESS_FORWARD';

export const progressEvent = z.object({
  /** What is being worked on: `kernel`, `image`, or a cell's name. An event replaces earlier ones of the same task. */
  task: z.string(),
  /** The current step, in words: `booting L2`, `hackbench: iteration 2 of 3`. */
  text: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  /** A milestone: its line is printed once and stays. Other lines are replaced by the next. */
  lasting: z.boolean().optional(),
  /** How much of the task is done, from 0 to 1, if known. */
  fraction: z.number().min(0).max(1).optional(),
  /** About how long the rest of the task takes, if known. */
  secondsLeft: z.number().nonnegative().optional(),
  /** How long it has been doing that, where a reporter forwards it. */
  seconds: z.number().nonnegative().optional(),
});
export type ProgressEvent = z.infer<typeof progressEvent>;

/** The connections of this process, by the path of their socket. */
const sockets = new Map<string, Socket>();

/** Reports progress. Never throws and never waits: progress must not disturb the work. */
export function reportProgress(event: ProgressEvent): void {
  send(process.env[PROGRESS_VARIABLE], event);
}

/** Reports an event to the program that started this run, where one listens. */
export function forward(event: ProgressEvent): void {
  send(process.env[FORWARD_VARIABLE], event);
}

function send(path: string | undefined, event: ProgressEvent): void {
  if (path === undefined) return;
  let socket = sockets.get(path);
  if (socket === undefined) {
    socket = connect(path);
    socket.on('error', () => {});
    socket.unref();
    sockets.set(path, socket);
  }
  socket.write(JSON.stringify(event) + '\n');
}

/** Listens for the events of other processes. It does not keep this process running, and ignores a line that is not an event. */
export function listenForProgress(socket: string, onEvent: (event: ProgressEvent) => void): Server {
  const server = createServer((connection) => {
    connection.unref().on('error', () => {});
    createInterface({ input: connection }).on('line', (line) => {
      const event = parseEvent(line);
      if (event !== undefined) onEvent(event);
    });
  });
  return server.listen(socket).unref();
}

function parseEvent(line: string): ProgressEvent | undefined {
  try {
    return progressEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
