/** The line of a benchmark that has ended. */
import { expect, test } from 'vitest';
import { TestJournal } from '../model/journal.testing.ts';
import { measuredLine } from './measured-line.ts';

function journal(): TestJournal {
  return new TestJournal().start();
}

test('a number, its interval, unit and samples', () => {
  using one = journal().samples('l2-baseline', 'hackbench', [0.671, 0.702, 0.655]);
  expect(measuredLine(one.results, 'l2-baseline', 'hackbench')).toBe(
    'l2-baseline: hackbench 0.676 ± 0.059 s, 3 samples',
  );
});

test('one sample has no interval', () => {
  using one = journal().samples('l2-baseline', 'netperf-rr', [201.3]);
  expect(measuredLine(one.results, 'l2-baseline', 'netperf-rr')).toBe(
    'l2-baseline: netperf-rr 201.3 transactions/s, 1 sample',
  );
});

test('with a native number there is an overhead, and the marks of the table', () => {
  using one = journal()
    .samples('l0-baseline', 'hackbench', [0.2, 0.2])
    .samples('l2-baseline', 'hackbench', [0.4, 0.4])
    .samples('l0-baseline', 'hackbench', [0.3, 0.3], 2);
  expect(measuredLine(one.results, 'l2-baseline', 'hackbench')).toMatch(
    /^l2-baseline: hackbench 0\.4\d* ± 0\S* s \(2\.0x#\), 2 samples$/,
  );
  expect(measuredLine(one.results, 'l0-baseline', 'hackbench')).toMatch(
    /^l0-baseline: hackbench 0\.25\S* ± \S+ s, 4 samples$/,
  );
});

test('a microbenchmark shows what the table of exits shows', () => {
  using one = journal().sample({
    cell: 'l2-baseline',
    benchmark: 'hypercall',
    iteration: 1,
    value: 14_155.4,
    unit: 'instructions',
    better: 'lower',
  });
  expect(measuredLine(one.results, 'l2-baseline', 'hypercall')).toBe(
    'l2-baseline: hypercall 14,155 instructions, 1 sample',
  );
});

test('there is no line without a sample', () => {
  using one = journal().fail('l2-baseline', 'mysql');
  expect(measuredLine(one.results, 'l2-baseline', 'mysql')).toBeUndefined();
  expect(measuredLine(one.results, 'l2-baseline', 'hackbench')).toBeUndefined();
});
