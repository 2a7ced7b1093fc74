import { describe, expect, test } from 'vitest';
import { detectableLogRatio, MAX_RUNS, runsToDetect } from './detectable.ts';
import { logRatio } from './log-ratio.ts';
import { normals } from '../../fixtures/statistics/normals.ts';
import { permutationTest } from './permutation.ts';

/** Two values with the relative variance of `deviation`. */
function scattered(deviation: number): number[] {
  return [1 - deviation / Math.SQRT2, 1 + deviation / Math.SQRT2];
}

test('in standard errors it is the sum of the two quantiles', () => {
  // t at 0.995 and at 0.9 for 8 degrees of freedom.
  expect(detectableLogRatio({ standard: 0.01, degrees: 8 }, 0.01)).toBeCloseTo((3.355 + 1.397) * 0.01, 4);
});

describe('how many runs it takes', () => {
  test.each([
    // The fewest that can reach p < 0.01.
    [0.001, 5],
    // (2.576 + 1.282)^2 * 2 * (0.05 / log 1.05)^2 is 31 with the normal distribution; Student's takes a little more.
    [0.05, 33],
    [0.2, 502],
    [0.5, null],
  ])('with a noise of %d: %s each to find 5 %%', (deviation, runs) => {
    const noise = scattered(deviation);
    expect(runsToDetect(noise, noise, Math.log(1.05), 0.01)).toBe(runs);
  });

  test('no number finds a change of nothing, and one suffices without noise', () => {
    expect(runsToDetect([1, 1.1], [1, 1.1], 0, 0.01)).toBeNull();
    expect(runsToDetect([1, 1], [2, 2], 0.05, 0.01)).toBe(5);
    expect(MAX_RUNS).toBe(1000);
  });
});

test('a change of that size is found in nine of ten comparisons', () => {
  const normal = normals(11);
  const [runs, deviation, comparisons] = [10, 0.02, 1000];
  const { error } = logRatio(
    // Ten runs with a relative variance of 0.02 squared.
    Array.from({ length: runs }, (_, index) => 1 + deviation * Math.sqrt(0.9) * (index % 2 === 0 ? 1 : -1)),
    Array.from({ length: runs }, (_, index) => 1 + deviation * Math.sqrt(0.9) * (index % 2 === 0 ? 1 : -1)),
  );
  const ratio = Math.exp(detectableLogRatio(error ?? { standard: NaN, degrees: NaN }, 0.01));
  const draw = (mean: number) => Array.from({ length: runs }, () => mean * (1 + deviation * normal()));
  let found = 0;
  for (let comparison = 0; comparison < comparisons; comparison += 1) {
    if (permutationTest(draw(1), draw(ratio), { resamples: 999, seed: 1 }) < 0.01) found += 1;
  }
  expect(found / comparisons).toBeGreaterThan(0.87);
  expect(found / comparisons).toBeLessThan(0.93);
});
