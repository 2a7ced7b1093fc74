import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../setup/lib/task-progress.ts';
import { bar, describeProgress } from './progress-line.ts';

function full(fraction: number): number {
  return bar(fraction).split('#').length;
}

describe('a bar', () => {
  test.each([
    [0, '[....................]'],
    [0.25, '[#####...............]'],
    [1, '[####################]'],
    [-1, '[....................]'],
    [7, '[####################]'],
  ])('of %s is %s', (fraction, text) => {
    expect(bar(fraction)).toBe(text);
  });

  test('has a fixed length, and is never shorter for more', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b) => {
          expect(bar(a)).toHaveLength(22);
          expect(full(Math.max(a, b))).toBeGreaterThanOrEqual(full(Math.min(a, b)));
        },
      ),
    );
  });
});

describe('a line', () => {
  const event: ProgressEvent = { task: 'l2-baseline', text: 'booting L2', state: 'running' };

  test('names the task and its step', () => {
    expect(describeProgress(event, 0)).toBe('l2-baseline: booting L2');
  });

  test('shows the elapsed time, from the first second on', () => {
    expect(describeProgress(event, 0.9)).toBe('l2-baseline: booting L2');
    expect(describeProgress(event, 12)).toBe('l2-baseline: booting L2  for 12 s');
  });

  test('shows how much is done and the time left, if known', () => {
    const known = { ...event, text: 'hackbench: iteration 2 of 3', fraction: 0.5, secondsLeft: 20 };
    expect(describeProgress(known, 5)).toBe(
      'l2-baseline: hackbench: iteration 2 of 3  [##########..........]  for 5 s  about 15 s left',
    );
  });

  test('never shows a negative time left', () => {
    expect(describeProgress({ ...event, secondsLeft: 4 }, 60)).toContain('about 1 s left');
  });

  test('does not repeat the name of its task', () => {
    const text = 'l2-baseline: no snapshot could be made.';
    expect(describeProgress({ ...event, text }, 0)).toBe(text);
  });
});
