import { describe, expect, test } from 'vitest';
import { type Evidence, percent, verdictOf } from './verdict.ts';

/** A clear regression by 20 %, with five boots each. */
const CLEAR: Evidence = {
  better: 'lower',
  boots: [5, 5],
  change: 0.2,
  interval: [0.15, 0.25],
  probability: 2 / 252,
  significance: 0.01,
  minBoots: 5,
  minimumEffect: 0.05,
  neededBoots: 5,
};

function verdict(fields: Partial<Evidence>) {
  return verdictOf({ ...CLEAR, ...fields });
}

describe('declared only if p, size and direction agree', () => {
  test.each([
    ['lower', 0.2, 'regression'],
    ['lower', -0.2, 'improvement'],
    ['higher', -0.2, 'regression'],
    ['higher', 0.2, 'improvement'],
  ] as const)('%s is better, %d: %s', (better, change, kind) => {
    const interval = [change - 0.05, change + 0.05] as const;
    expect(verdict({ better, change, interval })).toEqual({
      kind,
      reason: 'p is below 0.01 and the change exceeds 5 %',
      neededBoots: null,
    });
  });

  test('p equal to the significance is not below it', () => {
    expect(verdict({ probability: 0.01 }).kind).toBe('undecided');
  });

  test('a change equal to the minimum effect does not exceed it', () => {
    expect(verdict({ change: 0.05, interval: [0.04, 0.06] }).kind).toBe('undecided');
    expect(verdict({ change: 0.0501, interval: [0.04, 0.06] }).kind).toBe('regression');
  });
});

describe('no change', () => {
  test('if the interval rules out a change that matters, whatever p is', () => {
    const reason = 'the interval lies within ±5 %';
    for (const probability of [0.9, 2 / 252, null]) {
      expect(verdict({ change: 0.02, interval: [-0.01, 0.05], probability })).toEqual({
        kind: 'no change',
        reason,
        neededBoots: null,
      });
    }
  });

  test('never with an interval that exceeds the minimum effect', () => {
    for (const interval of [
      [-0.01, 0.0501],
      [-0.0501, 0.01],
    ] as const) {
      expect(verdict({ change: 0.01, interval, probability: 0.9 }).kind).toBe('undecided');
    }
  });
});

describe('undecided, with what it would take', () => {
  test.each([
    [
      'too few runs for any decision',
      {
        boots: [1, 1],
        interval: null,
        probability: null,
        neededBoots: null,
      },
      "1 and 1 boots can't reach p < 0.01: at least 5 boots each",
      5,
    ],
    [
      'too few runs, and also noise',
      { boots: [3, 4], probability: 0.03, neededBoots: 12 },
      "3 and 4 boots can't reach p < 0.01: at least 5 boots each",
      12,
    ],
    [
      'too few runs on one side, however small p is',
      { boots: [3, 12], probability: 1 / 455 },
      "3 and 12 boots can't reach p < 0.01: at least 5 boots each",
      5,
    ],
    [
      'an interval that p contradicts',
      { change: 0.2, interval: [-0.01, 0.4], probability: 0.004, neededBoots: 9 },
      'the noise hides a change of 5 %: about 9 boots each at this noise',
      9,
    ],
    [
      'noise',
      { change: 0.02, interval: [-0.1, 0.14], probability: 0.3, neededBoots: 23 },
      'the noise hides a change of 5 %: about 23 boots each at this noise',
      23,
    ],
    [
      'more noise than any number of boots can resolve',
      { change: 0.02, interval: [-0.9, 3], probability: 0.3, neededBoots: null },
      'the noise hides a change of 5 %: more than 1000 boots each at this noise',
      null,
    ],
    [
      'a large change that a sensitive test did not find',
      { change: 0.06, interval: [-0.01, 0.13], probability: 0.2, neededBoots: 5 },
      'the noise hides a change of 5 %: about 6 boots each at this noise',
      6,
    ],
    [
      'a small change that may be a larger one',
      { change: 0.04, interval: [0.01, 0.07], neededBoots: 8 },
      'there is a change, but it may not exceed 5 %: about 8 boots each at this noise',
      8,
    ],
    [
      'a minimum effect of 0',
      {
        change: 0.01,
        minimumEffect: 0,
        interval: [-0.01, 0.03],
        probability: 0.3,
        neededBoots: null,
      },
      'the noise hides a change of 0 %: no number of boots rules out the smallest change, so set a minimum effect',
      null,
    ],
  ] as const)('%s', (_, fields, reason, neededBoots) => {
    expect(verdict(fields)).toEqual({ kind: 'undecided', reason, neededBoots });
  });
});

test.each([
  [0.05, '5 %'],
  [0.0025, '0.25 %'],
  [1, '100 %'],
])('%d is %s', (part, text) => {
  expect(percent(part)).toBe(text);
});
