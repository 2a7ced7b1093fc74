import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { permutationTest, runsToReach } from '../../reporters/statistics/permutation.ts';
import { normals } from '../../fixtures/statistics/normals.ts';
import { looksOf, orderOf } from './ab-plan.ts';

test('the looks of twelve rounds', () => {
  expect(looksOf(12, 0.01).map(({ afterRound }) => afterRound)).toEqual([6, 8, 10, 12]);
});

test('spend no more than the significance of the whole, and each can be reached', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom(0.01, 0.05, 0.001),
      (rounds, significance) => {
        const looks = looksOf(rounds, significance);
        const spent = looks.reduce((sum, look) => sum + look.significance, 0);
        expect(spent).toBeLessThanOrEqual(significance * (1 + 1e-12));
        const missed = looks.reduce((sum, look) => sum + 1 - look.confidence, 0);
        expect(missed).toBeCloseTo(0.05 * (spent / significance), 12);
        for (const { afterRound, significance: level } of looks) {
          expect(runsToReach(level)).toBeLessThanOrEqual(afterRound);
        }
        // All of it except for rounding, if there is a look at all: the last round has one.
        expect(looks.length === 0 || spent > significance * 0.9).toBe(true);
      },
    ),
  );
});

test('with too few rounds there are none', () => {
  expect(looksOf(4, 0.01)).toEqual([]);
  expect(looksOf(5, 0.01).map(({ afterRound }) => afterRound)).toEqual([5]);
});

test('each side goes first equally often, and each round has both', () => {
  const orders = Array.from({ length: 12 }, (_, index) => orderOf(index + 1));
  expect(orders.filter(([first]) => first === 'base')).toHaveLength(6);
  for (const order of orders) expect([...order].toSorted()).toEqual(['base', 'head']);
});

/**
 * Whether any look of an A/B takes a change for real.
 * @param slower how many times as long the head takes.
 */
function declares(seed: number, slower: number): boolean {
  const normal = normals(seed);
  const run = (factor: number): number => factor * Math.exp(0.05 * normal());
  const base: number[] = [];
  const head: number[] = [];
  const looks = looksOf(12, 0.01);
  for (let round = 1; round <= 12; round++) {
    base.push(run(1));
    head.push(run(slower));
    const look = looks.find(({ afterRound }) => afterRound === round);
    const options = { resamples: 1999, seed: 1 };
    if (look !== undefined && permutationTest(base, head, options) < look.significance) return true;
  }
  return false;
}

test('chance alone is taken for a change in no more than 1 of 100, over all looks', () => {
  const alarms = Array.from({ length: 1000 }, (_, seed) => declares(seed, 1)).filter(Boolean).length;
  // 10 are expected at most; 20 would be three standard deviations above that.
  expect(alarms).toBeLessThan(20);
  expect(alarms).toBeGreaterThan(0);
});

test('a change of four standard deviations is found', () => {
  const seen = Array.from({ length: 50 }, (_, seed) => declares(seed, 1.2)).filter(Boolean).length;
  expect(seen).toBeGreaterThan(48);
});
