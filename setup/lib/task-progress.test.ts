import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from './temporary.testing.ts';
import { PROGRESS_VARIABLE, progressEvent, type ProgressEvent } from './task-progress.ts';

/** A separate process that reports progress: the module has one connection per process. */
function reporter(variable: string | undefined, body: string): ChildProcess {
  const script = `
    const { reportProgress } = await import(${JSON.stringify(path.join(import.meta.dirname, 'task-progress.ts'))});
    ${body}`;
  const { [PROGRESS_VARIABLE]: _, ...environment } = process.env;
  const env = variable === undefined ? environment : { ...environment, [PROGRESS_VARIABLE]: variable };
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
}

const event: ProgressEvent = {
  task: 'l1-baseline',
  text: 'booting L1',
  state: 'running',
  fraction: 0.5,
  secondsLeft: 4,
};
const reporting = `reportProgress(${JSON.stringify(event)});`;
/** Long enough to send the events, without keeping the process running. */
const linger =
  'for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setTimeout(resolve, 10));';

async function exitCode(child: ChildProcess): Promise<unknown> {
  const [code] = await once(child, 'exit');
  return code;
}

async function listener(): Promise<{ socket: string; lines: string[] }> {
  const lines: string[] = [];
  const socket = path.join(temporaryDirectory(), 's');
  const server = createServer((connection) => {
    createInterface({ input: connection }).on('line', (line) => lines.push(line));
  });
  server.listen(socket);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { socket, lines };
}

test('events reach the listener in order, one object per line', async () => {
  const { socket, lines } = await listener();
  const second = { ...event, text: 'two\nlines' };
  expect(
    await exitCode(reporter(socket, `${reporting} reportProgress(${JSON.stringify(second)}); ${linger}`)),
  ).toBe(0);
  await expect.poll(() => lines.length).toBe(2);
  expect(lines.map((line) => progressEvent.parse(JSON.parse(line)))).toEqual([event, second]);
});

test('without a listener, reporting does nothing', async () => {
  expect(await exitCode(reporter(undefined, reporting))).toBe(0);
});

test('if the listener has gone, reporting never fails', async () => {
  const gone = path.join(temporaryDirectory(), 'gone');
  expect(await exitCode(reporter(gone, `${reporting} ${linger} ${reporting} ${reporting} ${linger}`))).toBe(
    0,
  );
});

test('reporting does not keep a process running', async () => {
  const { socket } = await listener();
  expect(await exitCode(reporter(socket, reporting))).toBe(0);
});

test.each([
  { ...event, fraction: 1.5 },
  { ...event, secondsLeft: -1 },
  { ...event, state: 'lost' },
  { text: 'no task', state: 'running' },
])('%j is not an event', (wrong) => {
  expect(progressEvent.safeParse(wrong).success).toBe(false);
});
