import { describe, expect, test } from 'vitest';
import { type Change, type Commits, findSteps } from './find-steps.ts';

const between = (olds: readonly string[], newer: string): number[] => {
  const first = Math.max(...olds.map(Number)) + 1;
  return Array.from({ length: Number(newer) - first + 1 }, (_, index) => first + index);
};

const byRank = (all: readonly number[]): string[] => {
  const balance = (index: number): number => Math.min(index + 1, all.length - index - 1);
  return all
    .map((commit, index) => ({ commit, rank: balance(index) }))
    .toSorted((one, other) => other.rank - one.rank)
    .map(({ commit }) => String(commit));
};

/** Commits in a line, from 0. */
const line: Commits = {
  middle: async (olds, newer) => {
    const all = between(olds, newer);
    return { commit: byRank(all)[0] ?? newer, count: all.length };
  },
  ranked: async (olds, newer) => byRank(between(olds, newer)),
};

/** Searches a line of commits whose costs are given; undefined can't be measured. */
async function search(costs: readonly (number | undefined)[], threshold = 0.01) {
  const asked: number[] = [];
  const lefts: number[] = [];
  const at = (commit: number) => ({ commit: String(commit), costs: costs[commit] ?? Number.NaN });
  const changes = await findSteps(at(0), at(costs.length - 1), {
    commits: line,
    costsOf: async (commit, left) => {
      asked.push(Number(commit));
      lefts.push(left);
      return costs[Number(commit)];
    },
    difference: (before, after) => Math.abs(after / before - 1) / threshold,
  });
  return { changes, asked, lefts };
}

function costsWith(length: number, changes: Readonly<Record<number, number>>): number[] {
  let cost = 1000;
  return Array.from({ length }, (_, commit) => (cost += changes[commit] ?? 0));
}

const commitsOf = (changes: readonly Change[]): number[][] =>
  changes.map(({ commits }) => commits.map(Number));

test.each([1, 2, 499, 500, 501, 998, 999])(
  'finds the only change of a thousand commits, at %i',
  async (at) => {
    const { changes, asked, lefts } = await search(costsWith(1000, { [at]: 50 }));
    expect(commitsOf(changes)).toEqual([[at]]);
    expect(changes[0]).toMatchObject({ before: String(at - 1), after: String(at), isSmall: false });
    expect(asked.length).toBeLessThanOrEqual(10);
    expect(lefts[0]).toBe(10);
  },
);

test('a decrease is a change too', async () => {
  const { changes } = await search(costsWith(64, { 20: -300 }));
  expect(commitsOf(changes)).toEqual([[20]]);
});

test('each step of a change in steps is found, the oldest first', async () => {
  const { changes } = await search(costsWith(200, { 30: 50, 90: 60, 170: -40 }));
  expect(commitsOf(changes)).toEqual([[30], [90], [170]]);
});

test('neighbours are told apart', async () => {
  const { changes } = await search(costsWith(10, { 4: 50, 5: 50, 6: 50 }));
  expect(commitsOf(changes)).toEqual([[4], [5], [6]]);
});

test('of a change in steps below the threshold the largest is found, and marked as small', async () => {
  const { changes } = await search(costsWith(64, { 10: 4, 30: 7, 50: 3 }));
  expect(changes).toEqual([{ commits: ['30'], before: '29', after: '30', isSmall: true }]);
});

const without = (costs: number[], ...skipped: number[]): (number | undefined)[] =>
  costs.map((cost, commit) => (skipped.includes(commit) ? undefined : cost));

describe('what can not be measured', () => {
  test('is skipped', async () => {
    const { changes } = await search(without(costsWith(64, { 40: 50 }), 31, 32, 33));
    expect(commitsOf(changes)).toEqual([[40]]);
  });

  test('is a candidate where it stands before the change', async () => {
    const { changes } = await search(without(costsWith(64, { 40: 50 }), 38, 39));
    expect(commitsOf(changes).map((all) => new Set(all))).toEqual([new Set([38, 39, 40])]);
    expect(changes[0]).toMatchObject({ before: '37', after: '40' });
  });

  test('may be everything between the ends', async () => {
    const { changes } = await search([1000, undefined, undefined, undefined, 1100]);
    expect(changes[0]?.commits[0]).toBe('4');
    expect(changes[0]?.commits.toSorted()).toEqual(['1', '2', '3', '4']);
  });

  test('does not keep the search in its neighbourhood', async () => {
    const broken = Array.from({ length: 100 }, (_, index) => 450 + index);
    const { changes, asked } = await search(without(costsWith(1000, { 700: 50 }), ...broken));
    expect(commitsOf(changes)).toEqual([[700]]);
    expect(asked.filter((commit) => broken.includes(commit)).length).toBeLessThan(10);
  });
});

test('ends next to each other need no measurement', async () => {
  const { changes, asked } = await search([1000, 1100]);
  expect(commitsOf(changes)).toEqual([[1]]);
  expect(asked).toEqual([]);
});
