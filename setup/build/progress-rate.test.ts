import { assert, double, integer, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { progressAt } from './progress-rate.ts';

test('half done after a minute leaves a minute', () => {
  expect(progressAt(50, 100, 60)).toEqual({ fraction: 0.5, secondsLeft: 60 });
});

test('gives no time at the very start, and nothing beyond what was expected', () => {
  expect(progressAt(1, 100, 5)).toEqual({ fraction: 0.01 });
  expect(progressAt(101, 100, 60)).toEqual({});
});

test('for any counts, the fraction is one and the time left is not negative', () => {
  assert(
    property(
      nat(),
      integer({ min: 1 }),
      double({ min: 0, max: 1e6, noNaN: true }),
      (done, expected, elapsed) => {
        const { fraction = 0, secondsLeft = 0 } = progressAt(done, expected, elapsed);
        expect(fraction).toBeGreaterThanOrEqual(0);
        expect(fraction).toBeLessThanOrEqual(1);
        expect(secondsLeft).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});
