import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statisticsOf } from './statistics.ts';

/** Samples from nanoseconds to billions of operations: benchmark values of any unit. */
const value = fc.double({ min: 1e-6, max: 9e9, noNaN: true });
const samples = fc.array(value, { minLength: 1, maxLength: 60 });

/** Equal but for rounding, against the size of the numbers at hand. */
function near(one: number, other: number, scale: number): boolean {
  return Math.abs(one - other) <= 1e-9 * scale;
}

describe('known values', () => {
  test('a textbook series', () => {
    const { halfWidth, standardDeviation, ...exact } = statisticsOf([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(exact).toEqual({ n: 8, mean: 5, min: 2, max: 9, median: 4.5 });
    // Sum of squares 32 over n - 1.
    expect(standardDeviation).toBeCloseTo(Math.sqrt(32 / 7), 14);
    expect(halfWidth).toBeCloseTo((2.364_624 * Math.sqrt(32 / 7)) / Math.sqrt(8), 6);
  });

  test('one sample has no deviation and no interval, and they are not 0', () => {
    expect(statisticsOf([42])).toEqual({
      n: 1,
      mean: 42,
      standardDeviation: null,
      halfWidth: null,
      min: 42,
      max: 42,
      median: 42,
    });
  });

  test('equal samples have an interval of width 0', () => {
    expect(statisticsOf([3.7, 3.7, 3.7])).toMatchObject({ mean: 3.7, standardDeviation: 0, halfWidth: 0 });
  });

  // Two-sided 95 %: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, column 0.975, to more digits.
  test.each([
    [1, 12.706_205],
    [2, 4.302_653],
    [3, 3.182_446],
    [4, 2.776_445],
    [9, 2.262_157],
    [10, 2.228_139],
    [29, 2.045_23],
    [30, 2.042_272],
    [39, 2.022_691],
    [60, 2.000_298],
    [100, 1.983_972],
    [119, 1.980_1],
    [1000, 1.962_339],
  ])("half-width by Student's t for %i degrees of freedom", (degrees, critical) => {
    const values = Array.from({ length: degrees + 1 }, (_, index) => 100 + (index % 7));
    const { n, halfWidth, standardDeviation } = statisticsOf(values);
    expect(((halfWidth ?? NaN) * Math.sqrt(n)) / (standardDeviation ?? NaN)).toBeCloseTo(critical, 5);
  });
});

describe('no unit sneaks in', () => {
  test.each([9e9, 8_589_934_592.5, 1e-6, 3.3e-7, 1])('%d comes out as it went in', (one) => {
    expect(statisticsOf([one])).toMatchObject({ mean: one, min: one, max: one, median: one });
    expect(statisticsOf([one, one, one])).toMatchObject({ n: 3, mean: one, min: one, max: one, median: one });
  });

  test('values of very different size', () => {
    const { n, min, max, mean } = statisticsOf([9e9, 1e-6]);
    expect({ n, min, max }).toEqual({ n: 2, min: 1e-6, max: 9e9 });
    expect(mean).toBeCloseTo(4.5e9, 5);
  });
});

describe('any samples', () => {
  test('min <= median, mean <= max, and nothing is NaN or infinite', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const { n, mean, median, min, max, standardDeviation, halfWidth } = statisticsOf(values);
        expect(n).toBe(values.length);
        expect(min).toBe(Math.min(...values));
        expect(max).toBe(Math.max(...values));
        expect(mean).toBeGreaterThanOrEqual(min);
        expect(mean).toBeLessThanOrEqual(max);
        expect(median).toBeGreaterThanOrEqual(min);
        expect(median).toBeLessThanOrEqual(max);
        const isWidth = (width: number | null) =>
          n === 1 ? width === null : width !== null && Number.isFinite(width) && width >= 0;
        expect(standardDeviation).toSatisfy(isWidth);
        expect(halfWidth).toSatisfy(isWidth);
      }),
    );
  });

  test('the order of samples does not matter', () => {
    fc.assert(
      fc.property(samples, (values) => {
        expect(statisticsOf(values.toReversed())).toEqual(statisticsOf(values));
      }),
    );
  });

  test('a shift moves the mean and leaves the spread', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 9e9, noNaN: true }), (values, shift) => {
        const before = statisticsOf(values);
        const after = statisticsOf(values.map((each) => each + shift));
        const scale = before.max + shift;
        expect(near(after.mean, before.mean + shift, scale)).toBe(true);
        expect(near(after.median, before.median + shift, scale)).toBe(true);
        expect(near(after.standardDeviation ?? 0, before.standardDeviation ?? 0, scale)).toBe(true);
        expect(near(after.halfWidth ?? 0, before.halfWidth ?? 0, 13 * scale)).toBe(true);
      }),
    );
  });

  test('another unit scales all of them', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (values, factor) => {
        const before = statisticsOf(values);
        const after = statisticsOf(values.map((each) => each * factor));
        for (const field of ['mean', 'median', 'min', 'max', 'standardDeviation', 'halfWidth'] as const) {
          expect(near(after[field] ?? 0, (before[field] ?? 0) * factor, 13 * before.max * factor)).toBe(true);
        }
      }),
    );
  });
});

test.each([[[]], [[1, NaN]], [[Infinity]], [[-1, 2]]])(
  '%j is refused, not replaced by wall time',
  (values) => {
    expect(() => statisticsOf(values)).toThrow(RangeError);
  },
);
