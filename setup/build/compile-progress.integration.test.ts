import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listenForProgress, PROGRESS_VARIABLE, type ProgressEvent } from '../lib/task-progress.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { compileProgress, type ExpectedSteps } from './compile-progress.ts';

/** What is reported for these lines of a build. */
async function reportedFor(expected: ExpectedSteps, lines: readonly string[]): Promise<ProgressEvent[]> {
  const events: ProgressEvent[] = [];
  const socket = path.join(temporaryDirectory(), 's');
  const server = listenForProgress(socket, (event) => events.push(event));
  onTestFinished(() => void server.close());
  vi.stubEnv(PROGRESS_VARIABLE, socket);
  onTestFinished(() => void vi.unstubAllEnvs());
  const progress = compileProgress('emulator', expected);
  for (const line of lines) progress(line);
  await expect.poll(() => events.length).toBe(lines.length);
  return events;
}

test("a build's share done is that of ninja's steps", async () => {
  const [event] = await reportedFor({}, ['[3/4] Compiling C object a.o']);
  expect(event).toMatchObject({ task: 'emulator', text: 'compiling', state: 'running', fraction: 0.75 });
});

test('a long link is not done when all else is', async () => {
  const lines = ['[98/100] Compiling C object a.o', '[99/100] Compiling C object b.o'];
  const events = await reportedFor({ lastIsWorth: 66 }, lines);
  expect(events).toMatchObject([
    { text: 'compiling', fraction: 98 / 165 },
    { text: 'linking', fraction: 99 / 165 },
  ]);
});
