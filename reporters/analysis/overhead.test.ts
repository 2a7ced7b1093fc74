import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TestJournal } from '../model/journal.testing.ts';
import { isUneven, overhead, overheadInterval, overheadOf } from './overhead.ts';

test('a rate that halves and a time that doubles are both an overhead of 2', () => {
  expect(overhead(20_000, 10_000, 'higher')).toBe(2);
  expect(overhead(1.5, 3, 'lower')).toBe(2);
});

test('native against itself is 1, and worse is always more than 1', () => {
  const number = fc.double({ min: 1e-6, max: 9e9, noNaN: true });
  fc.assert(
    fc.property(number, fc.double({ min: 1.001, max: 1e6, noNaN: true }), (native, factor) => {
      expect(overhead(native, native, 'higher')).toBe(1);
      expect(overhead(native, native, 'lower')).toBe(1);
      expect(overhead(native, native / factor, 'higher')).toBeGreaterThan(1);
      expect(overhead(native, native * factor, 'lower')).toBeGreaterThan(1);
    }),
  );
});

test("both operands are the best of the runs' averages", () => {
  using journal = new TestJournal();
  journal
    .samples('l0-baseline', 'hackbench', [1, 3], 1)
    .samples('l0-baseline', 'hackbench', [2, 8], 2)
    .samples('l2-baseline', 'hackbench', [10, 20], 1)
    .samples('l2-baseline', 'hackbench', [6, 6], 2)
    .samples('l0-baseline', 'netperf-rr', [100], 1)
    .samples('l0-baseline', 'netperf-rr', [300], 2)
    .samples('l2-baseline', 'netperf-rr', [60], 1);
  expect(overheadOf(journal.results, 'l2-baseline', 'hackbench')).toBe(3);
  expect(overheadOf(journal.results, 'l2-baseline', 'netperf-rr')).toBe(5);
});

test('there is none if L0 or the cell was not measured', () => {
  using journal = new TestJournal();
  journal.samples('l1-baseline', 'hackbench', [1]).samples('l0-baseline', 'netperf-rr', [1]);
  journal.fail('l1-baseline', 'netperf-rr');
  expect(overheadOf(journal.results, 'l1-baseline', 'hackbench')).toBeNull();
  expect(overheadOf(journal.results, 'l1-baseline', 'netperf-rr')).toBeNull();
  expect(overheadOf(journal.results, 'l9-none', 'nosuch')).toBeNull();
});

test('an interval takes two boots on each side, whatever the number of samples', () => {
  using journal = new TestJournal().boot('l0-baseline').boot('l2-baseline');
  journal
    .samples('l0-baseline', 'hackbench', [1, 1.1, 0.9], 1)
    .samples('l0-baseline', 'hackbench', [1, 1.2, 0.8], 2)
    .samples('l2-baseline', 'hackbench', [2, 2.1, 1.9], 1)
    .boot('l2-baseline')
    .samples('l2-baseline', 'hackbench', [2.2, 2.3, 2.1], 2);
  expect(overheadInterval(journal.results, 'l2-baseline', 'hackbench')).toBeNull();
  journal.boot('l0-baseline').samples('l0-baseline', 'hackbench', [1.1, 1.1, 1.1], 3);
  // The boots' means are 1 and 1.1, and 2 and 2.2; t for one degree of freedom is 12.7062.
  const factor = Math.exp(12.706_205 * Math.sqrt(2 * (0.05 / 1.05) ** 2));
  expect(overheadInterval(journal.results, 'l2-baseline', 'hackbench')).toEqual({
    of: 'boots',
    ratio: expect.closeTo(2, 9),
    low: expect.closeTo(2 / factor, 5),
    high: expect.closeTo(2 * factor, 4),
  });
});

function restored(snapshot: string) {
  const madeAt = '2026-11-23T00:00:00.000Z';
  return { kind: 'warm', snapshot, madeAt, bytes: 1, behindSeconds: 0 } as const;
}

test('for a rate it is native over measured, and over restores if both came from one snapshot', () => {
  using journal = new TestJournal();
  for (const [cell, rates] of [
    ['l0-baseline', [100, 102]],
    ['l1-baseline', [50, 51]],
  ] as const) {
    for (const [index, rate] of rates.entries()) {
      journal.boot(cell, { start: restored(cell) }).samples(cell, 'netperf-rr', [rate], index + 1);
    }
  }
  expect(overheadInterval(journal.results, 'l1-baseline', 'netperf-rr')).toMatchObject({
    of: 'restores',
    ratio: expect.closeTo(2, 9),
  });
});

test('the best of more runs is better by chance, so different numbers of runs are marked', () => {
  using journal = new TestJournal();
  journal
    .samples('l0-baseline', 'hackbench', [1, 1, 1], 1)
    .samples('l0-baseline', 'hackbench', [2, 2, 2], 2)
    .samples('l1-baseline', 'hackbench', [3, 3, 3], 1);
  expect(isUneven(journal.results, 'l1-baseline', 'hackbench')).toBe(true);
  journal.samples('l1-baseline', 'hackbench', [4, 4, 4], 2);
  expect(isUneven(journal.results, 'l1-baseline', 'hackbench')).toBe(false);
  // A run that was cut short does not compete.
  journal.samples('l1-baseline', 'hackbench', [1], 3);
  expect(isUneven(journal.results, 'l1-baseline', 'hackbench')).toBe(false);
});
