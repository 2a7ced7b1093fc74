import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logRatio } from './log-ratio.ts';
import { studentQuantile } from '../../fixtures/statistics/student.ts';

const runs = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 12 });

test('with equal variances and sizes the degrees of freedom are those of both together', () => {
  const { estimate, error } = logRatio([9, 10, 11], [9, 10, 11]);
  expect(estimate).toBe(0);
  // Each side has the relative variance 0.01, over three runs.
  expect(error?.standard).toBeCloseTo(Math.sqrt(0.02 / 3), 12);
  expect(error?.degrees).toBeCloseTo(4, 12);
});

test('if only one side varies they are that side’s', () => {
  expect(logRatio([10, 10, 10, 10], [9, 10, 11]).error?.degrees).toBeCloseTo(2, 12);
});

test('one run has no error, and equal runs have one of 0', () => {
  expect(logRatio([10], [11, 12])).toEqual({ estimate: Math.log(1.15), error: null });
  expect(logRatio([0.1, 0.1, 0.1], [0.3, 0.3, 0.3]).error).toEqual({ standard: 0, degrees: Infinity });
});

test('with the sides swapped it is the negative, with the same error', () => {
  fc.assert(
    fc.property(runs, runs, (base, head) => {
      const [there, back] = [logRatio(base, head), logRatio(head, base)];
      expect(back.estimate).toBeCloseTo(-there.estimate, 9);
      expect(back.error?.standard).toBeCloseTo(there.error?.standard ?? NaN, 9);
    }),
  );
});

// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2 and (infinite) 1.3.6.7.1.
describe("Student's t", () => {
  test.each([
    [0.975, 4, 2.776],
    [0.975, 8, 2.306],
    [0.995, 8, 3.355],
    [0.9, 8, 1.397],
    [0.975, Infinity, 1.96],
  ])('at %d of %d degrees is %d', (probability, degrees, quantile) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(quantile, 3);
  });
});
