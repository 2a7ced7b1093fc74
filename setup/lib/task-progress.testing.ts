/** Collects the progress events of a process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { PROGRESS_VARIABLE, type ProgressEvent, progressEvent } from './task-progress.ts';
import { temporaryDirectory } from './temporary.testing.ts';

/**
 * Runs a module's text in its own process.
 * @returns its events, in order, once it has ended.
 */
export async function eventsOf(
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly ProgressEvent[]> {
  const events: ProgressEvent[] = [];
  const socket = path.join(temporaryDirectory(), 's');
  const ended: Promise<unknown>[] = [];
  const server = createServer((connection) => {
    const lines = createInterface({ input: connection });
    lines.on('line', (line) => events.push(progressEvent.parse(JSON.parse(line))));
    ended.push(once(lines, 'close'));
  });
  server.listen(socket);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment, [PROGRESS_VARIABLE]: socket },
  });
  await once(child, 'exit');
  await Promise.all(ended);
  return events;
}
