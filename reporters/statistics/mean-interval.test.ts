import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IntervalOf, meanInterval, type PlacedRun } from './mean-interval.ts';
import { normals } from '../../fixtures/statistics/normals.ts';

function run(boot: number | null, values: readonly number[], snapshot: string | null = null): PlacedRun {
  return { boot, snapshot, values };
}

/** Two-sided 95 % of Student's t (NIST/SEMATECH e-Handbook, 1.3.6.7.2). */
const T_OF_1 = 12.706_205;
const T_OF_2 = 4.302_653;

describe('the interval is over the outermost groups of which there are several', () => {
  test.each<[IntervalOf, readonly number[], PlacedRun[]]>([
    ['boots', [2, 6], [run(1, [1, 3]), run(2, [5, 7])]],
    ['boots', [2, 7], [run(1, [1, 1]), run(1, [3, 3]), run(2, [7, 7])]],
    ['boots', [3, 8], [run(1, [2], 'a'), run(2, [4], 'a'), run(3, [8], 'b')]],
    ['boots', [3, 8], [run(1, [2], 'a'), run(2, [4], 'a'), run(3, [8])]],
    ['restores', [2, 6], [run(1, [1, 3], 'a'), run(2, [5, 7], 'a')]],
    ['runs', [2, 6], [run(1, [1, 3]), run(1, [5, 7])]],
    ['iterations', [1, 3], [run(1, [1, 3])]],
  ])('%s with the means %j', (of, means, runs) => {
    expect(meanInterval(runs)).toMatchObject({ of, means });
  });

  test('runs of unknown boots may be of one boot', () => {
    expect(meanInterval([run(null, [1]), run(null, [2])]).of).toBe('runs');
  });
});

test('a worked example', () => {
  const { mean, halfWidth } = meanInterval([run(1, [9, 11]), run(2, [12]), run(3, [13, 14, 15])]);
  expect(mean).toBe(12);
  expect(halfWidth).toBeCloseTo(T_OF_2 * (2 / Math.sqrt(3)), 5);
});

test('one sample has no interval; a rule has its own confidence, only over iterations', () => {
  expect(meanInterval([run(1, [3])])).toEqual({ mean: 3, halfWidth: null, of: 'iterations', means: [3] });
  // t for one degree of freedom is tan(pi (p - 1/2)): at 0.9875 it is 25.4517.
  expect(meanInterval([run(1, [1, 3])], 0.975).halfWidth).toBeCloseTo(25.451_7, 3);
  expect(meanInterval([run(1, [1]), run(2, [3])], 0.975).halfWidth).toBeCloseTo(T_OF_1, 4);
});

test('more iterations within the boots do not change the kind of interval', () => {
  const values = fc.array(fc.double({ min: 1, max: 9, noNaN: true }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(values, { minLength: 2, maxLength: 6 }), (boots) => {
      const interval = meanInterval(boots.map((its, boot) => run(boot, its)));
      expect(interval.of).toBe('boots');
      expect(interval.means).toHaveLength(boots.length);
    }),
  );
});

test('3 boots of 10 iterations hold the mean in 95 of 100 experiments, instead of 40', () => {
  const normal = normals(16);
  const times = 2000;
  let held = 0;
  for (let time = 0; time < times; time++) {
    const runs = [1, 2, 3].map((boot) => {
      const ofBoot = 100 * (1 + 0.05 * normal());
      return run(
        boot,
        Array.from({ length: 10 }, () => ofBoot * (1 + 0.02 * normal())),
      );
    });
    const { mean, halfWidth } = meanInterval(runs);
    if (Math.abs(mean - 100) <= (halfWidth ?? 0)) held += 1;
  }
  // Three standard errors of 0.95 over 2000 are 0.0146.
  expect(held / times).toBeGreaterThan(0.9354);
});
