import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { PauseWatch } from './pause-watch.ts';

/** As SIGSTOP does, this lets nothing else run. */
function stopFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('a process that did not run knows for how long', async () => {
  using pauses = new PauseWatch();
  await sleep(150);
  stopFor(1500);
  await sleep(150);
  expect(pauses.longestSeconds()).toBeGreaterThan(1.2);
});

test('a pause counts even where nothing ran since', () => {
  using pauses = new PauseWatch();
  stopFor(500);
  expect(pauses.longestSeconds()).toBeGreaterThan(0.3);
});
