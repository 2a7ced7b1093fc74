import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { HostWindow, ServerWindow } from '../../fixtures/records.ts';
import { fairnessOf } from './fairness.ts';
import { fairnessLines } from './fairness-lines.ts';
import { writeFiles } from '../exporters.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { summaryText } from '../terminal/summary-text.ts';
import { summaryOf } from './summary.ts';
import { terminalTable } from '../terminal/terminal-table.ts';
import { warningsOf } from '../verdict/differences.ts';

function harness(seconds: number, cpuSeconds: number): ServerWindow {
  return { seconds, cpuSeconds: { kernel: 0.5, harness: cpuSeconds } };
}

/** A command that does nothing costs 10 ms; the samples take 2 s. */
function journal(samples: readonly { cpuSeconds: number; gapSeconds?: number }[]): TestJournal {
  const what = { cell: 'l1-baseline', benchmark: 'hackbench' };
  const its = new TestJournal().start().record({ type: 'idle', ...what, run: 1, l0: harness(0.1, 0.01) });
  for (const [index, { cpuSeconds, gapSeconds }] of samples.entries()) {
    its.sample({ ...what, value: 1, iteration: index + 1, l0: harness(2, cpuSeconds), gapSeconds });
  }
  return its;
}

test("the share is the harness's CPU time beyond a command's start and end", () => {
  using its = journal([{ cpuSeconds: 0.02 }, { cpuSeconds: 0.008, gapSeconds: 0.02 }]);
  const [one] = fairnessOf(its.results);
  expect(one?.harnessShare).toEqual({ samples: 2, over: 0, max: { value: 0.005, iteration: 1 } });
  expect(one?.harnessShareInAll).toEqual({ samples: 2, over: 0, max: { value: 0.01, iteration: 1 } });
});

test('a harness that took less than a command that does nothing has a share of 0', () => {
  using its = journal([{ cpuSeconds: 0.008, gapSeconds: 0.02 }]);
  const [one] = fairnessOf(its.results);
  expect(one?.harnessShare?.max.value).toBe(0);
  expect(one?.harnessShareInAll?.max.value).toBe(0.004);
});

test('within its limits, the largest value of each kind is printed', () => {
  using its = journal([{ cpuSeconds: 0.014 }, { cpuSeconds: 0.02, gapSeconds: 0.02 }]);
  expect(fairnessLines(its.results)).toEqual([
    {
      text: "the harness's share of L0 during a sample: at most 0.50 % (limit 1 % and 30 ms); l1-baseline hackbench, run 1, iteration 2",
      over: false,
    },
    {
      text: 'the gap between two samples: at most 20 ms (limit 50 ms and 5 % of the sample); l1-baseline hackbench, run 1, iteration 2',
      over: false,
    },
  ]);
});

test('over a limit, it is flagged, with how often and where', () => {
  using its = journal([
    { cpuSeconds: 0.05 },
    { cpuSeconds: 0.01, gapSeconds: 0.17 },
    // A sample takes 3.2 s.
    { cpuSeconds: 0.04, gapSeconds: 0.15 },
    // 1.25 %, but only 25 ms.
    { cpuSeconds: 0.035 },
  ]);
  const lines = fairnessLines(its.results);
  expect(lines.map(({ over }) => over)).toEqual([true, true]);
  expect(lines[0]?.text).toContain(
    'at most 2.00 % OVER THE LIMIT of 1 % and 30 ms in 2 of 4 (l1-baseline hackbench)',
  );
  expect(lines[1]?.text).toContain(
    'at most 170 ms OVER THE LIMIT of 50 ms and 5 % of the sample in 1 of 2 (l1-baseline hackbench)',
  );
});

test('fairness.csv has a row per run', () => {
  using its = journal([{ cpuSeconds: 0.02 }, { cpuSeconds: 0.05, gapSeconds: 0.02 }]);
  writeFiles(its.results, its.directory);
  expect(readFileSync(path.join(its.directory, 'fairness.csv'), 'utf8').split('\n').slice(1)).toEqual([
    // Two samples of 3.2 s, without QEMU's time.
    'L1,baseline,hackbench,1,2,6.4,1,,0.02,2,0.025,0.02,2,,,,,0,1',
    '',
  ]);
});

/** Samples on a host with 4 CPUs, 2 s each by default. */
function hostJournal(hosts: readonly Partial<HostWindow>[]): TestJournal {
  const its = new TestJournal().start();
  for (const [index, host] of hosts.entries()) {
    const whole = { seconds: 2, cpus: 4, othersSeconds: 0, stealSeconds: 0, ...host };
    its.sample({ cell: 'l1-baseline', benchmark: 'hackbench', value: 1, iteration: index + 1, host: whole });
  }
  return its;
}

test("others' share of the host's CPUs includes what its hypervisor gave away", () => {
  using its = hostJournal([{ othersSeconds: 0.2, stealSeconds: 0.1 }]);
  const [one] = fairnessOf(its.results);
  expect(one?.othersShare?.max.value).toBeCloseTo(0.3 / 8);
  expect(one?.contended).toBe(0);
});

test('a sample next to other work is flagged, in Fairness, in the heading and in its cell', () => {
  using its = hostJournal([
    { othersSeconds: 0.01 },
    { othersSeconds: 4, qemuSeconds: 2, qemuWaitSeconds: 6 },
    { othersSeconds: 0.8 },
  ]);
  expect(fairnessLines(its.results).map(({ text }) => text)).toEqual([
    expect.stringContaining(
      "others' share of the host's CPUs during a sample: at most 50.0 % OVER THE LIMIT of 10 % in 2 of 3",
    ),
    expect.stringContaining(
      'as a share of the time in which they were runnable: at most 75.0 % (limit none: ',
    ),
  ]);
  const text = terminalTable(its.results, { columns: 100, colours: false });
  expect(text).toContain("2 of 3 samples were taken while other work had the host's CPUs: see Fairness");
  expect(text).toMatch(/^hackbench .*\^$/m);
  using quiet = hostJournal([{}]);
  expect(warningsOf(quiet.results, its.results)).toContain(
    "OTHER WORK: in the head 2 of 3 samples were taken while other work had the host's CPUs (l1-baseline hackbench): see Fairness.",
  );
  const glance = summaryText(summaryOf(its.results), { columns: 300, colours: false });
  expect(glance).toContain("2 of 3 samples were taken while other work had the host's CPUs: see Fairness");
  expect(glance).toMatch(/^l1-baseline .*\^$/m);
  expect(text).toContain("^: the host's CPUs had other work during a sample");
});

test("a share that may be an error of the kernel's ticks is not flagged", () => {
  using its = hostJournal([{ seconds: 0.2, othersSeconds: 0.08 }]);
  const [one] = fairnessOf(its.results);
  expect(one).toMatchObject({ contended: 0, othersShare: { over: 0 } });
  expect(one?.othersShare?.max.value).toBeCloseTo(0.1);
});

test("QEMU's threads waiting for each other on an otherwise idle host are not flagged", () => {
  using its = hostJournal([{ qemuSeconds: 1, qemuWaitSeconds: 1 }]);
  expect(fairnessOf(its.results)[0]).toMatchObject({
    contended: 0,
    waitShare: { over: 0, max: { value: 0.5 } },
  });
});

test('on a quiet host neither heading nor cell mentions it', () => {
  using its = hostJournal([{ othersSeconds: 0.01, qemuSeconds: 2, qemuWaitSeconds: 0.01 }]);
  expect(terminalTable(its.results, { columns: 100, colours: false })).not.toMatch(/other work|\^/);
});

test('without data, nothing is printed', () => {
  using its = new TestJournal().start().samples('l1-baseline', 'hackbench', [1, 2]);
  expect(fairnessLines(its.results)).toEqual([]);
});
