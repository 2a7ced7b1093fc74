import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Phases } from './phase-clock.ts';

test('phases stand in the order in which they ended', () => {
  const phases = new Phases();
  for (const name of ['QEMU', 'kernel', 'SSH']) phases.lap(name);
  expect(phases.list.map(({ name }) => name)).toEqual(['QEMU', 'kernel', 'SSH']);
});

test('a phase is as long as the time since the one before it', async () => {
  const began = performance.now();
  const phases = new Phases();
  await sleep(30);
  phases.lap('first');
  await sleep(30);
  phases.lap('second');
  const whole = (performance.now() - began) / 1000;
  const sum = phases.list.reduce((total, { seconds }) => total + seconds, 0);
  expect(sum).toBeLessThanOrEqual(whole);
  // Timers may be a little early (setTimeout counts whole milliseconds).
  for (const { seconds } of phases.list) expect(seconds).toBeGreaterThan(0.025);
});

test('nothing is told of a phase that has not ended', () => {
  expect(new Phases().list).toEqual([]);
});
