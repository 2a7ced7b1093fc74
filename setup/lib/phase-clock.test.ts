import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Phases } from './phase-clock.ts';

test('phases are in the order in which they ended', () => {
  const phases = new Phases();
  for (const name of ['QEMU', 'kernel', 'SSH']) phases.lap(name);
  expect(phases.list.map(({ name }) => name)).toEqual(['QEMU', 'kernel', 'SSH']);
});

test('a phase lasts from the end of the one before it', async () => {
  const begun = performance.now();
  const phases = new Phases();
  const marks = [performance.now()];
  for (const name of ['first', 'second']) {
    await sleep(10);
    marks.push(performance.now());
    phases.lap(name);
    marks.push(performance.now());
  }
  const [made = 0, beforeFirst = 0, afterFirst = 0, beforeSecond = 0, afterSecond = 0] = marks;
  const [first = 0, second = 0] = phases.list.map(({ seconds }) => seconds * 1000);
  // Each lies between the intervals just inside and just outside it.
  const inOrder = [beforeFirst - made, first, afterFirst - begun];
  expect(inOrder).toEqual(inOrder.toSorted((one, other) => one - other));
  expect(second).toBeGreaterThanOrEqual(beforeSecond - afterFirst);
  expect(first + second).toBeLessThanOrEqual(afterSecond - begun);
});

test('a phase that has not ended is not listed', () => {
  expect(new Phases().list).toEqual([]);
});
