import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TestJournal } from './journal.testing.ts';
import { overhead, overheadOf } from './overhead.ts';

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

test('there is none where L0 or the cell was not measured', () => {
  using journal = new TestJournal();
  journal.samples('l1-baseline', 'hackbench', [1]).samples('l0-baseline', 'netperf-rr', [1]);
  journal.fail('l1-baseline', 'netperf-rr');
  expect(overheadOf(journal.results, 'l1-baseline', 'hackbench')).toBeNull();
  expect(overheadOf(journal.results, 'l1-baseline', 'netperf-rr')).toBeNull();
  expect(overheadOf(journal.results, 'l9-none', 'nosuch')).toBeNull();
});
