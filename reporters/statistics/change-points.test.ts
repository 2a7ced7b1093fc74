import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changePoints, MIN_RECORDS } from './change-points.ts';
import { normals } from '../../fixtures/statistics/normals.ts';

/** Nights around a level that moves, with proportional noise. */
function nights(
  count: number,
  seed: number,
  noise: number,
  levelOf: (night: number) => number = () => 1,
): number[] {
  const normal = normals(seed);
  return Array.from({ length: count }, (_, night) => 100 * levelOf(night) * Math.exp(noise * normal()));
}

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

describe('a step', () => {
  test.each([0.01, 0.02, 0.03])('of 10 % is found in its place, with a noise of %d', (noise) => {
    const places = SEEDS.map((seed) => {
      const [found, ...others] = changePoints(nights(60, seed, noise, (night) => (night < 40 ? 1 : 1.1)));
      expect(others).toEqual([]);
      expect(found?.change).toBeCloseTo(0.1, 1);
      expect(found?.probability).toBeLessThan(0.001);
      return found?.at ?? 0;
    });
    // Of 200 seeds one was further off at 3 %, by 8 nights.
    expect(places.filter((at) => Math.abs(at - 40) <= 2).length).toBeGreaterThanOrEqual(SEEDS.length - 1);
  });

  test('and back again are two', () => {
    const found = changePoints(nights(60, 1, 0.01, (night) => (night < 20 || night >= 40 ? 1 : 0.9)));
    expect(found.map(({ at }) => at)).toEqual([20, 40]);
    expect(found.map(({ change }) => Math.sign(change))).toEqual([-1, 1]);
  });

  test('is known within a week, with a noise of 2 %', () => {
    const delays = SEEDS.map((seed) => {
      const all = nights(80, seed, 0.02, (night) => (night < 40 ? 1 : 1.1));
      const known = all.findIndex(
        (_, night) => night >= 40 && changePoints(all.slice(0, night + 1)).length > 0,
      );
      return known - 40 + 1;
    });
    // Two nights, and the last one before them if it happens to be on that side.
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(MIN_RECORDS - 1);
    expect(delays.toSorted((one, other) => one - other)[SEEDS.length / 2]).toBeLessThanOrEqual(5);
    expect(Math.max(...delays)).toBeLessThanOrEqual(7);
  });
});

describe('a slow drift', () => {
  test.each([0.01, 0.02])('of 15 % in sixty nights is found, with a noise of %d', (noise) => {
    for (const seed of SEEDS) {
      const found = changePoints(nights(80, seed, noise, (night) => 1 + (0.15 * Math.min(night, 60)) / 60));
      expect(found.length).toBeGreaterThan(0);
      expect(found.every(({ change }) => change > 0)).toBe(true);
    }
  });
});

describe('what is no change', () => {
  test('a single noisy night, however far off and wherever it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 39 }),
        fc.constantFrom(0.3, 0.7, 1.5, 4),
        fc.integer({ min: 1, max: 1000 }),
        (night, factor, seed) => {
          const all = nights(40, seed, 0.02);
          all[night] = (all[night] ?? 1) * factor;
          expect(changePoints(all).filter(({ at }) => Math.abs(at - night) <= 1)).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('noise alone: a false alarm in fewer than one of ten series of a hundred nights', () => {
    const alarms = SEEDS.flatMap((seed) => changePoints(nights(100, seed, 0.03))).length;
    expect(alarms).toBeLessThanOrEqual(4);
  });

  test.each([
    [0.3, 2],
    [0.6, 5],
  ])('noise that shares %d of its deviation with the night before', (share, max) => {
    const alarmed = SEEDS.filter((seed) => {
      const normal = normals(seed);
      let deviation = normal();
      const all = Array.from({ length: 100 }, () => {
        const value = 100 * Math.exp(0.05 * deviation);
        deviation = share * deviation + Math.sqrt(1 - share ** 2) * normal();
        return value;
      });
      return changePoints(all).length > 0;
    });
    // If nights were assumed independent, 3 and 26 of these 40 series would have a change.
    expect(alarmed.length).toBeLessThanOrEqual(max);
  });

  test('a step below the minimum effect', () => {
    const all = nights(60, 1, 0.002, (night) => (night < 30 ? 1 : 1.03));
    expect(changePoints(all)).toEqual([]);
    const finer = changePoints(all, { window: 50, significance: 0.001, minimumEffect: 0.02 });
    expect(finer.map(({ at }) => at)).toEqual([30]);
  });

  test('too few values', () => {
    expect(changePoints([])).toEqual([]);
    expect(changePoints([1, 1, 2, 2])).toEqual([]);
  });
});

test('a rate has the same change points as its time', () => {
  for (const seed of SEEDS.slice(0, 10)) {
    const times = nights(60, seed, 0.02, (night) => (night < 25 ? 1 : 1.2));
    const rates = times.map((time) => 1 / time);
    expect(changePoints(rates).map(({ at }) => at)).toEqual(changePoints(times).map(({ at }) => at));
  }
});

test('an invalid value is rejected', () => {
  expect(() => changePoints([1, 0, 1])).toThrow('a value is 0');
  expect(() => changePoints([1], { window: 3, significance: 0.01, minimumEffect: 0 })).toThrow(
    'the window is 3',
  );
});
