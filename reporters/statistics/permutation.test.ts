import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arithmeticMean } from './mean-of-unit.ts';
import { normals } from '../../fixtures/statistics/normals.ts';
import { attainableLevel, minProbability, permutationTest, runsToReach } from './permutation.ts';

const OPTIONS = { resamples: 9999, seed: 1 };

function side(max: number) {
  return fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 2, maxLength: max });
}

/** 20 runs, from a start upwards. */
function twenty(start: number): number[] {
  return Array.from({ length: 20 }, (_, index) => start + index / 100);
}

/** All ways one by one, as in the definition. */
function byDefinition(base: readonly number[], head: readonly number[]): number {
  const all = [...base, ...head];
  const size = (isInOne: (index: number) => boolean) => {
    const [one, other] = [
      all.filter((_, index) => isInOne(index)),
      all.filter((_, index) => !isInOne(index)),
    ];
    const squares = [one, other].map((values) => {
      const mean = arithmeticMean(values);
      const scatter = values.reduce((sum, value) => sum + (value / mean - 1) ** 2, 0);
      return scatter / (values.length - 1) / values.length;
    });
    const distance = Math.abs(Math.log(arithmeticMean(one) / arithmeticMean(other)));
    const error = Math.sqrt((squares[0] ?? NaN) + (squares[1] ?? NaN));
    if (error < 1e-12) return distance < 1e-12 ? 0 : Infinity;
    return distance / error;
  };
  const measured = size((index) => index < base.length);
  let [ways, extreme] = [0, 0];
  for (let way = 0; way < 2 ** all.length; way += 1) {
    const bits = all.filter((_, index) => (way >> index) & 1).length;
    if (bits !== base.length) continue;
    ways += 1;
    if (size((index) => ((way >> index) & 1) === 1) >= measured * (1 - 1e-9)) extreme += 1;
  }
  return extreme / ways;
}

describe('known values', () => {
  test('5 and 5 runs that do not overlap: 2 of 252 ways', () => {
    expect(permutationTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], OPTIONS)).toBeCloseTo(2 / 252, 14);
  });

  test('two against three that do not overlap: 1 of 10 ways', () => {
    expect(permutationTest([4, 4.1], [1, 1.1, 1.2], OPTIONS)).toBe(0.1);
  });

  test('a single run does not show how runs differ', () => {
    expect(() => permutationTest([4], [1, 1.1, 1.2], OPTIONS)).toThrow('fewer than two runs');
  });

  test('runs that are all equal show nothing', () => {
    expect(permutationTest([0.1, 0.1, 0.1], [0.1, 0.1, 0.1], OPTIONS)).toBe(1);
  });

  // Survival of mice, table 2.1 of B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993; their
  // one-sided test of the difference of means has p = 0.14 (section 15.2).
  test('16 mice: as by its definition, and about twice the published one-sided p', () => {
    const treated = [94, 197, 16, 38, 99, 141, 23];
    const control = [52, 104, 146, 10, 51, 30, 40, 27, 46];
    const probability = permutationTest(treated, control, OPTIONS);
    expect(probability).toBeCloseTo(byDefinition(treated, control), 12);
    expect(probability).toBeGreaterThan(0.25);
    expect(probability).toBeLessThan(0.31);
  });

  test('8 and 8 runs are enumerated, not drawn', () => {
    const base = Array.from({ length: 8 }, (_, index) => 1 + index / 100);
    const head = Array.from({ length: 8 }, (_, index) => 2 + index / 100);
    expect(permutationTest(base, head, OPTIONS)).toBeCloseTo(2 / 12_870, 15);
  });
});

describe('any runs', () => {
  test('all ways are enumerated, including ties', () => {
    const few = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(fc.oneof(side(5), few), fc.oneof(side(5), few), (base, head) => {
        expect(permutationTest(base, head, OPTIONS)).toBeCloseTo(byDefinition(base, head), 12);
      }),
    );
  });

  test('swapping the sides does not matter, enumerated or drawn', () => {
    fc.assert(
      fc.property(side(20), side(20), fc.integer(), (base, head, seed) => {
        const options = { resamples: 199, seed };
        expect(permutationTest(head, base, options)).toBe(permutationTest(base, head, options));
      }),
    );
  });

  test('the unit does not matter', () => {
    const factor = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(side(20), side(20), factor, (base, head, by) => {
        const scaled = [base, head].map((values) => values.map((value) => value * by));
        const probability = permutationTest(scaled[0] ?? [], scaled[1] ?? [], OPTIONS);
        expect(probability).toBe(permutationTest(base, head, OPTIONS));
      }),
      { numRuns: 50 },
    );
  });

  test('p is neither below what so many runs can give nor above 1', () => {
    fc.assert(
      fc.property(side(20), side(20), (base, head) => {
        const probability = permutationTest(base, head, { resamples: 199, seed: 1 });
        expect(probability).toBeGreaterThanOrEqual(
          minProbability(base.length, head.length, 199) * (1 - 1e-12),
        );
        expect(probability).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('drawn', () => {
  test('p is never 0: the measured way counts among the draws', () => {
    expect(permutationTest(twenty(1), twenty(3), OPTIONS)).toBe(1 / 10_000);
  });

  test('a seed gives the same p again', () => {
    const [base, head] = [twenty(1), twenty(1.04)];
    const probability = permutationTest(base, head, OPTIONS);
    expect(permutationTest(base, head, OPTIONS)).toBe(probability);
    expect(permutationTest(base, head, { ...OPTIONS, seed: 2 })).not.toBe(probability);
  });

  test("it agrees with Student's t, which is near the truth for 20 and 20 runs", () => {
    // Their t statistic is 2.024 with 38 degrees of freedom: p is 0.05.
    const shift = 2.024 * Math.sqrt((2 * 0.0035) / 20);
    expect(permutationTest(twenty(1), twenty(1 + shift), OPTIONS)).toBeCloseTo(0.05, 2);
  });
});

// Without a change, p < 0.01 must occur as often as 5 and 5 runs allow: in 2 of 252 cases.
test.each([
  [5, 5, 0.01],
  [5, 5, 0.05],
  [3, 10, 0.05],
  [16, 16, 0.05],
])('of %i and %i runs of the same code, p < %d is as rare as it should be', (few, more, significance) => {
  const normal = normals(20_261_123);
  const draw = (length: number) => Array.from({ length }, () => Math.exp(0.1 * normal()));
  const comparisons = 4000;
  let alarms = 0;
  for (let comparison = 0; comparison < comparisons; comparison += 1) {
    if (permutationTest(draw(few), draw(more), { resamples: 199, seed: comparison }) < significance)
      alarms += 1;
  }
  const expected = attainableLevel(few, more, significance, 199) * comparisons;
  expect(expected).toBeLessThanOrEqual(significance * comparisons);
  // Four standard deviations of a Poisson count.
  expect(Math.abs(alarms - expected)).toBeLessThan(4 * Math.sqrt(expected));
});

describe('what so many runs can show', () => {
  test.each([
    [1, 1, 1],
    [2, 2, 1 / 3],
    [5, 5, 2 / 252],
    [4, 5, 1 / 126],
    [15, 15, 1 / 10_000],
  ])('the smallest p of %i and %i runs', (base, head, min) => {
    expect(minProbability(base, head, 9999)).toBeCloseTo(min, 14);
  });

  test.each([
    [0.05, 4],
    [0.01, 5],
    [0.001, 7],
    [0.5, 2],
  ])('p < %d takes at least %i runs each', (significance, runs) => {
    expect(runsToReach(significance)).toBe(runs);
  });

  test.each([
    [5, 5, 0.01, 2 / 252],
    [5, 5, 0.05, 12 / 252],
    [4, 4, 0.01, 0],
    // Below, not at: 1 of 100 draws is not less than 0.01.
    [20, 20, 0.01, 0.0099],
  ])('%i and %i runs at %d have the level %d', (base, head, significance, level) => {
    expect(attainableLevel(base, head, significance, 9999)).toBeCloseTo(level, 10);
  });
});
