import { describe, expect, test } from 'vitest';
import { TestJournal } from './journal.testing.ts';
import { overlapping } from './overlap.ts';
import { summaryOf } from '../analysis/summary.ts';
import { summaryText } from '../terminal/summary-text.ts';
import { terminalTable } from '../terminal/terminal-table.ts';

const HOST = { cpuModel: 'AMD EPYC 7B13', cpus: 2, memoryBytes: 2 ** 33, kernel: '6.1.0' };
const OPTIONS = { columns: 200, colours: false };

/** A sample between two seconds of the night. */
function sample(journal: TestJournal, benchmark: string, iteration: number, from: number, to: number): void {
  const started = new Date(Date.UTC(2026, 10, 23, 1, 0, 0, from * 1000)).toISOString();
  journal.sample({ cell: 'l1-baseline', benchmark, value: 5, iteration, started, seconds: to - from });
}

/** A journal with a start on each of these hosts, and two benchmarks at once. */
function twoAtOnce(...hosts: (string | undefined)[]): TestJournal {
  const journal = new TestJournal();
  for (const [index, bootId] of hosts.entries()) {
    journal.start({ host: { ...HOST, ...(bootId === undefined ? {} : { bootId }) } });
    if (index === 0 || hosts.length === 1) {
      sample(journal, 'hackbench', 1, 0, 2);
      sample(journal, 'hackbench', 2, 2, 4);
    }
    if (index === 1 || hosts.length === 1) {
      sample(journal, 'netperf-rr', 1, 3, 5);
      sample(journal, 'netperf-rr', 2, 5, 7);
    }
  }
  return journal;
}

test('samples that ran at the same time on one host are reported and marked', () => {
  using journal = twoAtOnce('a');
  const { results } = journal;
  expect(results.remarks).toEqual([
    '2 samples ran at the same time as another sample on the same host, so each measured the other too: l1-baseline hackbench (1), l1-baseline netperf-rr (1). Measure them again.',
  ]);
  expect(overlapping(results, 'l1-baseline', 'hackbench')).toBe(1);
  expect(summaryOf(results).troubles).toContain(results.remarks[0]);
  for (const text of [summaryText(summaryOf(results), OPTIONS), terminalTable(results, OPTIONS)]) {
    expect(text).toMatch(/5\.0+ .*&/);
    expect(text).toContain('&: samples ran at the same time as others on the same host');
  }
});

test('so are those of two starts on it', () => {
  using journal = twoAtOnce('a', 'a');
  expect(journal.results.remarks).toHaveLength(1);
});

test.each([
  ['two hosts', ['a', 'b']],
  ['two starts without a host, as shards of an older nestbench', [undefined, undefined]],
])('those of %s may run at once', (_, hosts) => {
  using journal = twoAtOnce(...hosts);
  expect(journal.results.remarks).toEqual([]);
});

test('a sample within another is found, and one that begins as another ends is not', () => {
  using journal = new TestJournal().start();
  sample(journal, 'mysql', 1, 0, 10);
  sample(journal, 'hackbench', 1, 2, 3);
  sample(journal, 'apache', 1, 10, 11);
  const { results } = journal;
  expect(['mysql', 'hackbench', 'apache'].map((name) => overlapping(results, 'l1-baseline', name))).toEqual([
    1, 1, 0,
  ]);
});

test('a journal that is not in order of time reports nothing', () => {
  using journal = new TestJournal().start();
  sample(journal, 'hackbench', 2, 2, 4);
  sample(journal, 'hackbench', 1, 0, 2);
  expect(journal.results.remarks).toEqual([]);
});

/** Two cells at once, each on these CPUs of the host. */
function twoCells(one: number[] | undefined, other: number[] | undefined): string[] {
  using journal = new TestJournal().start();
  for (const [cell, hostCpus] of [
    ['l1-baseline', one],
    ['l2-baseline', other],
  ] as const) {
    journal.boot(cell, { id: cell, ...(hostCpus && { hostCpus }) });
  }
  for (const [cell, from] of [
    ['l1-baseline', 0],
    ['l2-baseline', 1],
    ['l1-baseline', 3],
    ['l2-baseline', 4],
  ] as const) {
    const started = new Date(Date.UTC(2026, 10, 23, 1, 0, from)).toISOString();
    const iteration = from < 2 ? 1 : 2;
    journal.sample({ cell, benchmark: 'hackbench', value: 5, iteration, started, seconds: 2, boot: cell });
  }
  return [...journal.results.remarks];
}

describe('of stacks side by side', () => {
  test('samples may run at once on CPUs of their own', () => {
    expect(twoCells([4, 5, 6], [1, 2, 3])).toEqual([]);
  });

  test.each([
    ['a CPU in common', [4, 5, 6], [3, 4]],
    ['unknown CPUs of one of them', [4, 5, 6], undefined],
    ['unknown CPUs of both', undefined, undefined],
  ])('and are reported with %s', (_, one, other) => {
    expect(twoCells(one, other)).toEqual([
      '4 samples ran at the same time as another sample on the same host, so each measured the other too: l1-baseline hackbench (2), l2-baseline hackbench (2). Measure them again.',
    ]);
  });
});
