import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { logTicks } from './ticks.ts';

test.each([
  { low: 1, high: 3, ticks: [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3] },
  { low: 0.8, high: 160, ticks: [1, 2, 5, 10, 20, 50, 100] },
  { low: 0.3, high: 20_000, ticks: [1, 10, 100, 1000, 10_000] },
])('from $low to $high', ({ low, high, ticks }) => {
  expect(logTicks(low, high)).toEqual(ticks);
});

test('any axis of overheads has a tick or more, but not too many, and all within', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1, noNaN: true }),
      fc.double({ min: 1.5, max: 1e6, noNaN: true }),
      (low, high) => {
        const ticks = logTicks(low, high);
        expect(ticks).toContain(1);
        expect(ticks.length).toBeLessThan(13);
        expect(ticks.every((tick) => tick >= low && tick <= high)).toBe(true);
      },
    ),
  );
});
