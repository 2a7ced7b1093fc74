import { expect, test } from 'vitest';
import type { ServerWindow } from '../../fixtures/records.ts';
import { readJournal } from '../../setup/journal/journal-reader.ts';
import { TestJournal } from './journal.testing.ts';
import { addWork, groupSamples, type JournalItem } from './measured-series.ts';

function itemsOf(journal: TestJournal): JournalItem[] {
  return groupSamples(readJournal(journal.directory).records);
}

function window(exits: Record<string, number>): ServerWindow {
  return { seconds: 2, exits, cpuSeconds: { kernel: 0.5, harness: 0.01, benchmark: 1.5 } };
}

const HACKBENCH = { cell: 'l1-baseline', benchmark: 'hackbench' };

test('consecutive samples of a run become one series, in its place among the records', () => {
  using journal = new TestJournal()
    .start()
    .samples('l1-baseline', 'hackbench', [1, 2])
    .samples('l1-baseline', 'hackbench', [3], 2)
    .skip('l1-dvh', 'mysql', 'not built')
    .samples('l2-baseline', 'hackbench', [4]);
  const shape = itemsOf(journal).map((item) =>
    item.type === 'samples' ? [item.cell, item.run, [...item.columns.value]] : item.type,
  );
  expect(shape).toEqual([
    'experiment',
    'series',
    ['l1-baseline', 1, [1, 2]],
    'series',
    ['l1-baseline', 2, [3]],
    'skip',
    'series',
    ['l2-baseline', 1, [4]],
  ]);
});

test('a missing value is NaN in its column, and in a sum that needs it', () => {
  using journal = new TestJournal()
    .sample({ ...HACKBENCH, value: 1, l0: window({ exits: 5 }), gapSeconds: 0.02 })
    .sample({ ...HACKBENCH, value: 2, iteration: 2 });
  const [series] = itemsOf(journal);
  if (series?.type !== 'samples') throw new Error('no series');
  expect([...series.columns.gapSeconds]).toEqual([0.02, Number.NaN]);
  expect([...series.columns.windowSeconds]).toEqual([2, Number.NaN]);
  expect(series.sums.gapSeconds).toBe(0.02);
  expect(series.sums.kernelSeconds).toBe(Number.NaN);
  expect(series.exits).toMatchObject({ samples: 1, seconds: 2 });
});

test('exits are summed by name, with the number of samples that had each', () => {
  using journal = new TestJournal()
    .sample({ ...HACKBENCH, value: 1, l0: window({ exits: 5, io_exits: 1 }) })
    .sample({ ...HACKBENCH, value: 2, iteration: 2, l0: window({ exits: 7 }) });
  const [series] = itemsOf(journal);
  if (series?.type !== 'samples') throw new Error('no series');
  expect(series.exits?.counters).toEqual(
    new Map([
      ['exits', { count: 12, samples: 2 }],
      ['io_exits', { count: 1, samples: 1 }],
    ]),
  );
  // Its value is a time, so a sample is one run of it.
  expect(series.exits?.work).toEqual({ unit: 'run', amount: 2 });
});

test('work is summed if it has one unit, and is mixed if it has two', () => {
  const transactions = { unit: 'transaction', amount: 3 };
  expect(addWork(null, transactions)).toEqual(transactions);
  expect(addWork(transactions, transactions)).toEqual({ unit: 'transaction', amount: 6 });
  expect(addWork(transactions, { unit: 'MB', amount: 1 })).toBe('mixed');
  expect(addWork('mixed', null)).toBe('mixed');
});
