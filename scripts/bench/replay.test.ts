import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, test } from 'vitest';
import { byRule, byTwoStages, tally } from './replay.ts';
import { fixedNumber, SEQUENTIAL_CONFIDENCE, untilNarrow } from '../../fixtures/statistics/stop-rule.ts';
import { statisticsOf } from '../../fixtures/statistics/statistics.ts';
import { syntheticSeries } from './synthetic-series.ts';

/** 104 and 100 alternately: the half-width is 2.11 % with 8 samples and 1.89 % with 9, at the rule's confidence. */
const IN_TURN = Array.from({ length: 40 }, (_, index) => 104 - 4 * (index % 2));

describe('by a rule', () => {
  test('takes what the rule takes, with its interval', () => {
    const way = byRule(untilNarrow(0.02, 40), SEQUENTIAL_CONFIDENCE);
    expect(way.takes(IN_TURN)).toBe(9);
    const { mean, halfWidth } = statisticsOf(IN_TURN.slice(0, 9), SEQUENTIAL_CONFIDENCE);
    const interval = way.intervalOf(IN_TURN.slice(0, 9));
    expect(interval.mean).toBeCloseTo(mean, 10);
    expect(interval.halfWidth).toBeCloseTo(halfWidth ?? NaN, 10);
  });

  test('takes all if they are not enough', () => {
    expect(byRule(fixedNumber(40), 0.95).takes(IN_TURN)).toBe(40);
    expect(byRule(fixedNumber(40), 0.95).takes(IN_TURN.slice(0, 7))).toBe(7);
    expect(byRule(untilNarrow(0.001, 40), 0.95).takes(IN_TURN)).toBe(40);
  });
});

test('with two stages, the first samples determine the number', () => {
  // Mean 102.4, deviation 2.1909; t(4) at 95 % is 2.7764: (6.0829 / 2.048)^2 is 8.82.
  const way = byTwoStages(5, 0.02, 40, 0.95);
  expect(way.takes(IN_TURN)).toBe(9);
  expect(byTwoStages(5, 0.1, 40, 0.95).takes(IN_TURN)).toBe(5);
  expect(byTwoStages(5, 0.001, 40, 0.95).takes(IN_TURN)).toBe(40);
  const { mean, halfWidth } = way.intervalOf(IN_TURN.slice(0, 9));
  expect(mean).toBeCloseTo(102.2222, 4);
  expect(halfWidth).toBeCloseTo(6.0829 / 3, 3);
});

test('a tally counts intervals that held, and averages over series of several runs', () => {
  const way = {
    takes: () => 2,
    intervalOf: (taken: readonly number[]) => ({ mean: taken[0] ?? 0, halfWidth: 1 }),
  };
  const series = [
    [
      [10, 0, 0],
      [0, 0, 0],
    ],
    [
      [4, 0, 0],
      [0, 0, 0],
    ],
  ];
  expect(tally(series, way, 10.5)).toEqual({ series: 2, samples: 2, halfWidth: (0.1 + 0.25) / 2, held: 0.5 });
});

/** Shares of 4000 series have an error of 1 % (three standard errors at 95 %). */
const SERIES = 4000;
const STRAY = 0.0104;

function held(name: string, confidence: number): number {
  const source = syntheticSeries(0.02, 40).find((one) => one.name === name);
  if (source === undefined) throw new Error(`no series ${name}`);
  const random = xoroshiro128plus(7);
  const series = Array.from({ length: SERIES }, () => [Array.from({ length: 40 }, source.start(random))]);
  const rule = untilNarrow(0.02, 40);
  if (rule.kind === 'fixed') throw new Error('no rule');
  return tally(series, byRule({ ...rule, confidence }, confidence), source.mean).held;
}

describe('stopping early', () => {
  // The hardest case: the rule may stop at every one of its looks.
  test.each(['normal, 10 would do', 'normal, 15 would do', 'lognormal, 12 would do'])(
    'holds at its rate: %s',
    (name) => {
      expect(held(name, SEQUENTIAL_CONFIDENCE)).toBeGreaterThanOrEqual(0.95 - STRAY);
    },
  );

  test('would not, with the usual interval', () => {
    expect(held('normal, 12 would do', 0.95)).toBeLessThan(0.95 - 2 * STRAY);
  });
});
