import { expect, test } from 'vitest';
import { TestJournal } from '../../reporters/model/journal.testing.ts';
import { keptSeries, seriesOf } from './recorded-series.ts';

test('the kept series are long enough to be replayed in order', () => {
  const kept = keptSeries();
  expect(kept.map(({ name }) => name)).toEqual([
    'l1-baseline hackbench',
    'l1-baseline netperf-rr',
    'l1-baseline memcached',
  ]);
  for (const { values } of kept) expect(values.length).toBeGreaterThanOrEqual(120);
});

test('finds the runs of a journal that are long enough, and counts the others', () => {
  const ten = Array.from({ length: 10 }, (_, index) => 100 + index);
  using journal = new TestJournal()
    .start()
    .samples('l1-baseline', 'hackbench', ten)
    .samples('l1-baseline', 'hackbench', ten.slice(1), 2)
    .samples('l2-baseline', 'netperf-rr', ten.toReversed())
    .fail('l2-baseline', 'hackbench');
  expect(seriesOf('night', journal.results)).toEqual({
    series: [
      { name: 'night: l1-baseline hackbench, run 1', values: ten },
      { name: 'night: l2-baseline netperf-rr, run 1', values: ten.toReversed() },
    ],
    short: 1,
  });
});
