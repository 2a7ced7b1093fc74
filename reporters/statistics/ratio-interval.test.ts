import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normals } from '../../fixtures/statistics/normals.ts';
import { ratioInterval } from './ratio-interval.ts';

/** How often, of 4000 times, the interval holds the true ratio of 5. */
function coverage(
  seed: number,
  { n, spread, against, native }: { n: number; spread: number; against: number; native: number },
): number {
  const normal = normals(seed);
  const draw = (count: number, mean: number, relative: number) =>
    Array.from({ length: count }, () => Math.max(1, mean * (1 + relative * normal())));
  const times = 4000;
  let held = 0;
  for (let time = 0; time < times; time += 1) {
    const interval = ratioInterval(draw(n, 500, spread), draw(against, 100, native));
    if (interval && interval.low <= 5 && interval.high >= 5) held += 1;
  }
  return held / times;
}

describe('the interval holds the true ratio at least at its rate', () => {
  test.each([
    { n: 2, spread: 0.05, against: 2, native: 0.005 },
    // Welch's degrees of freedom held in 89 % and 93 % of these.
    { n: 2, spread: 0.05, against: 10, native: 0.02 },
    { n: 3, spread: 0.1, against: 10, native: 0.05 },
    { n: 3, spread: 0.1, against: 3, native: 0 },
    { n: 10, spread: 0.1, against: 10, native: 0.03 },
    { n: 40, spread: 0.2, against: 40, native: 0.2 },
  ])('$n values with a spread of $spread against $against with $native', (series) => {
    // Three standard errors of 0.95 over 4000 are 0.0103.
    expect(coverage(20_261_123, series)).toBeGreaterThan(0.9397);
  });
});

test('a worked example', () => {
  // Relative variances 0.01 over 4 and 0.0016 over 2; t at 0.975 for one degree of freedom is 12.7062.
  const interval = ratioInterval([180, 200 - 20 * Math.SQRT1_2, 200 + 20 * Math.SQRT1_2, 220], [98, 102]);
  const variance = ((20 ** 2 + 20 ** 2 / 2) * 2) / 3 / 200 ** 2 / 4 + 8 / 100 ** 2 / 2;
  const factor = Math.exp(12.706_205 * Math.sqrt(variance));
  expect(interval).toEqual({
    ratio: expect.closeTo(2, 12),
    low: expect.closeTo(2 / factor, 6),
    high: expect.closeTo(2 * factor, 5),
  });
});

test('one value has no interval, and equal values have one of width 0', () => {
  expect(ratioInterval([3], [2, 2])).toBeNull();
  expect(ratioInterval([2, 2], [3])).toBeNull();
  expect(ratioInterval([2, 2, 2], [1, 1, 1])).toEqual({ ratio: 2, low: 2, high: 2 });
});

test('any values: the interval contains the ratio, and inverting the ratio mirrors it', () => {
  const values = fc.array(fc.double({ min: 1e-6, max: 9e9, noNaN: true }), { minLength: 2, maxLength: 9 });
  fc.assert(
    fc.property(values, values, (one, other) => {
      const { ratio, low, high } = ratioInterval(one, other) ?? { ratio: NaN, low: NaN, high: NaN };
      expect(low).toBeLessThanOrEqual(ratio);
      expect(high).toBeGreaterThanOrEqual(ratio);
      const mirrored = ratioInterval(other, one);
      expect(Math.log(mirrored?.low ?? NaN)).toBeCloseTo(-Math.log(high), 6);
    }),
  );
});
