import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import { arithmeticMean, harmonicMean, isRate, meanOfUnit } from './mean-of-unit.ts';

const values = fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 40 });

test('there and back at 40 and 60 km/h is 48 km/h on average', () => {
  expect(harmonicMean([40, 60])).toBeCloseTo(48, 12);
  expect(arithmeticMean([40, 60])).toBe(50);
});

test('rates are averaged harmonically, times arithmetically', () => {
  expect(meanOfUnit('requests/s', [40, 60])).toBeCloseTo(48, 12);
  expect(meanOfUnit('s', [40, 60])).toBe(50);
});

test('all benchmarks in which more is better have a rate, and all others a time', () => {
  expect(BENCHMARKS.map(({ unit }) => isRate(unit))).toEqual(
    BENCHMARKS.map(({ better }) => better === 'higher'),
  );
});

test('a harmonic mean lies between the smallest value and the arithmetic mean', () => {
  fc.assert(
    fc.property(values, (some) => {
      const mean = harmonicMean(some);
      expect(mean).toBeGreaterThanOrEqual(Math.min(...some) * (1 - 1e-12));
      expect(mean).toBeLessThanOrEqual(arithmeticMean(some) * (1 + 1e-12));
    }),
  );
});

describe('refused', () => {
  test.each([[[]], [[1, 0]], [[1, -2]], [[NaN]]])('the harmonic mean of %j', (some) => {
    expect(() => harmonicMean(some)).toThrow(RangeError);
  });
  test('the arithmetic mean of nothing', () => {
    expect(() => arithmeticMean([])).toThrow(RangeError);
  });
});
