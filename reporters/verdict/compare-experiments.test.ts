import { describe, expect, test } from 'vitest';
import { TestJournal } from '../model/journal.testing.ts';
import { compareExperiments } from './compare-experiments.ts';
import type { Compared, Comparison } from './comparison.ts';
import { type NoisyExperiment, noisyResults } from './noisy-experiment.ts';

const SMALL: NoisyExperiment = {
  seed: 1,
  runs: 5,
  iterations: 3,
  cells: ['l1-baseline', 'l2-baseline'],
  benchmarks: ['hackbench', 'netperf-rr'],
};

function compared(comparison: Comparison): Compared {
  if (comparison.state !== 'compared') throw new Error(comparison.differences.join(' '));
  return comparison;
}

function verdicts(comparison: Comparison): string[] {
  return compared(comparison).rows.map(
    ({ cell, benchmark, verdict }) => `${cell} ${benchmark}: ${verdict.kind}`,
  );
}

function slowL2(cell: string): number {
  return cell === 'l2-baseline' ? 1.3 : 1;
}

describe('the whole matrix, five boots each', () => {
  const whole = { runs: 5, iterations: 3, betweenRuns: 0.005, withinRuns: 0.005 };

  test('with the same code nothing is declared, and with this little noise nothing is undecided', () => {
    const comparison = compareExperiments(
      noisyResults({ ...whole, seed: 1 }),
      noisyResults({ ...whole, seed: 2 }),
    );
    const { rows, tests, unmatched, changed, warnings } = compared(comparison);
    expect(new Set(rows.map(({ verdict }) => verdict.kind))).toEqual(new Set(['no change']));
    expect(rows).toHaveLength(13 * 7);
    expect({ unmatched, changed, warnings }).toEqual({ unmatched: [], changed: [], warnings: [] });
    // Without a minimum effect, each of 91 tests would declare a regression in 1 of 252 cases.
    expect(tests).toEqual({ count: 91, expectedFalseAlarms: expect.closeTo(91 / 252, 12) });
  });

  test('a deliberate slowdown is declared, only where it is, for times and rates', () => {
    const comparison = compareExperiments(
      noisyResults({ ...whole, seed: 1 }),
      noisyResults({ ...whole, seed: 2, slower: (cell) => (cell === 'l2-baseline' ? 1.2 : 1) }),
    );
    const { rows } = compared(comparison);
    for (const { cell, better, change, interval, verdict } of rows) {
      expect(verdict.kind).toBe(cell === 'l2-baseline' ? 'regression' : 'no change');
      const expected = cell === 'l2-baseline' ? (better === 'lower' ? 0.2 : 1 / 1.2 - 1) : 0;
      expect(change).toBeGreaterThan(expected - 0.05);
      expect(change).toBeLessThan(expected + 0.05);
      expect(interval?.[0]).toBeLessThan(change);
      expect(interval?.[1]).toBeGreaterThan(change);
    }
  });
});

test('with the sides swapped a regression is an improvement, with the same p', () => {
  const base = noisyResults(SMALL);
  const head = noisyResults({ ...SMALL, seed: 2, slower: () => 1.3 });
  const [there, back] = [compareExperiments(base, head), compareExperiments(head, base)];
  expect(new Set(compared(there).rows.map(({ verdict }) => verdict.kind))).toEqual(new Set(['regression']));
  expect(new Set(compared(back).rows.map(({ verdict }) => verdict.kind))).toEqual(new Set(['improvement']));
  expect(compared(back).rows.map(({ probability }) => probability)).toEqual(
    compared(there).rows.map(({ probability }) => probability),
  );
});

test('a row has what both sides measured: harmonic means of rates, with equal weights for runs', () => {
  using base = new TestJournal().start();
  using head = new TestJournal().start();
  base
    .samples('l1-baseline', 'netperf-rr', [40, 60])
    .samples('l1-baseline', 'netperf-rr', [24, undefined], 2);
  head.samples('l1-baseline', 'netperf-rr', [64, 64]);
  const { rows } = compared(compareExperiments(base.results, head.results));
  expect(rows).toEqual([
    {
      cell: 'l1-baseline',
      benchmark: 'netperf-rr',
      unit: 'transactions/s',
      better: 'higher',
      // 48 and 24.
      base: { boots: 2, runs: 2, samples: 3, mean: expect.closeTo(32, 12) },
      head: { boots: 1, runs: 1, samples: 2, mean: expect.closeTo(64, 12) },
      change: expect.closeTo(1, 12),
      interval: null,
      probability: null,
      adjusted: null,
      minimumEffect: 0.05,
      verdict: {
        kind: 'undecided',
        reason: "2 and 1 boots can't reach p < 0.01: at least 5 boots each",
        neededBoots: 5,
      },
    },
  ]);
});

test('iterations of one run are not runs: forty of them decide nothing', () => {
  const one = { ...SMALL, runs: 1, iterations: 40, slower: () => 1 };
  const comparison = compareExperiments(noisyResults(one), noisyResults({ ...one, slower: () => 2 }));
  const { rows, tests } = compared(comparison);
  expect(
    rows.map(({ probability, interval, verdict }) => ({ probability, interval, kind: verdict.kind })),
  ).toEqual(rows.map(() => ({ probability: null, interval: null, kind: 'undecided' })));
  expect(tests).toEqual({ count: 0, expectedFalseAlarms: 0 });
});

describe('options', () => {
  const base = noisyResults(SMALL);
  const head = noisyResults({ ...SMALL, seed: 2, slower: () => 1.08 });

  test('a minimum effect for one benchmark leaves the others unchanged', () => {
    const comparison = compareExperiments(base, head, { minimumEffect: new Map([['hackbench', 0.2]]) });
    expect(verdicts(comparison)).toEqual([
      'l1-baseline hackbench: no change',
      'l1-baseline netperf-rr: regression',
      'l2-baseline hackbench: no change',
      'l2-baseline netperf-rr: regression',
    ]);
    expect(compared(comparison).rows.map(({ minimumEffect }) => minimumEffect)).toEqual([
      0.2, 0.05, 0.2, 0.05,
    ]);
  });

  test('five boots each can not reach p < 0.001', () => {
    const { rows, tests } = compared(compareExperiments(base, head, { significance: 0.001 }));
    expect(rows[0]?.verdict).toMatchObject({
      kind: 'undecided',
      reason: "5 and 5 boots can't reach p < 0.001: at least 7 boots each",
    });
    expect(tests.expectedFalseAlarms).toBe(0);
  });

  test('the same seed gives the same comparison, another seed other intervals', () => {
    const comparison = compareExperiments(base, head);
    expect(compareExperiments(base, head)).toEqual(comparison);
    const other = compareExperiments(base, head, { seed: 2 });
    expect(compared(other).rows[0]?.interval).not.toEqual(compared(comparison).rows[0]?.interval);
    expect(verdicts(other)).toEqual(verdicts(comparison));
  });

  test.each([
    [{ significance: 0 }],
    [{ significance: 1 }],
    [{ significance: NaN }],
    [{ minimumEffect: -0.1 }],
    [{ minimumEffect: new Map([['hackbench', NaN]]) }],
    [{ resamples: 99 }],
    [{ resamples: 1.5 }],
  ])('%j is rejected', (options) => {
    expect(() => compareExperiments(base, head, options)).toThrow(RangeError);
  });
});

test('p is adjusted by Holm for all tests, and the verdict uses the unadjusted p', () => {
  const { rows } = compared(
    compareExperiments(noisyResults(SMALL), noisyResults({ ...SMALL, seed: 2, slower: slowL2 })),
  );
  const regressions = rows.filter(({ verdict }) => verdict.kind === 'regression');
  expect(regressions.map(({ probability, adjusted }) => [probability, adjusted])).toEqual([
    [expect.closeTo(2 / 252, 12), expect.closeTo((4 * 2) / 252, 12)],
    [expect.closeTo(2 / 252, 12), expect.closeTo((4 * 2) / 252, 12)],
  ]);
});

describe('a result that only one side has is reported', () => {
  test('with its outcome on the other side', () => {
    using base = new TestJournal().start();
    using head = new TestJournal().start();
    base
      .samples('l1-baseline', 'hackbench', [1])
      .samples('l2-baseline', 'hackbench', [2])
      .samples('l3-baseline', 'hackbench', [3]);
    head
      .samples('l1-baseline', 'hackbench', [1])
      .fail('l2-baseline', null)
      .skip('l3-baseline', 'hackbench', 'no time')
      .samples('l1-baseline', 'apache', [100])
      .samples('mine', 'hackbench', [7]);
    const { rows, unmatched } = compared(compareExperiments(base.results, head.results));
    expect(rows.map(({ cell, benchmark }) => `${cell} ${benchmark}`)).toEqual(['l1-baseline hackbench']);
    expect(unmatched).toEqual([
      {
        cell: 'l1-baseline',
        benchmark: 'apache',
        measured: 'head',
        other: { state: 'missing', reason: 'not run' },
      },
      {
        cell: 'l2-baseline',
        benchmark: 'hackbench',
        measured: 'base',
        other: { state: 'failed', reason: expect.stringContaining('L3 said nothing') },
      },
      {
        cell: 'l3-baseline',
        benchmark: 'hackbench',
        measured: 'base',
        other: { state: 'skipped', reason: 'no time' },
      },
      {
        cell: 'mine',
        benchmark: 'hackbench',
        measured: 'head',
        other: { state: 'missing', reason: 'not run' },
      },
    ]);
  });

  test('experiments with nothing in common cannot be compared', () => {
    const comparison = compareExperiments(
      noisyResults({ ...SMALL, cells: ['l1-baseline'] }),
      noisyResults({ ...SMALL, cells: ['l2-baseline'] }),
    );
    expect(comparison).toEqual({
      state: 'incomparable',
      differences: [
        'No benchmark was measured on both sides in the same cell, so there is nothing to compare.',
      ],
    });
  });
});
