import { expect, test } from 'vitest';
import { STEPS } from '../../fixtures/configurations/breakdown-steps.ts';
import type { ServerWindow } from '../../fixtures/records.ts';
import { markdownOf } from '../files/summary-markdown.ts';
import { breakdownCsv } from '../files/breakdown-csv.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { reportHtml } from '../report/page.ts';
import { terminalTable } from '../terminal/terminal-table.ts';
import { breakdown, isUnclear } from './breakdown.ts';
import { summaryOf } from './summary.ts';
import { ADDITIONAL, barsOf, BREAKDOWN_FIGURE } from './overhead-figures.ts';

const RATES = [100, 150, 150, 300, 450];

function exits(count: number): ServerWindow {
  return { seconds: 1, exits: { exits: Math.round(count) }, cpuSeconds: { kernel: 0, harness: 0 } };
}

/** A rate and a time in each step at L2, and the rate alone in two of them at L3. */
function measured(): TestJournal {
  const journal = new TestJournal()
    .start()
    .samples('l0-baseline', 'netperf-rr', [4500])
    .samples('l2-vp-idle', 'netperf-rr', [120]);
  for (const [index, { configuration }] of STEPS.entries()) {
    const rate = RATES[index] ?? 0;
    const counted = { work: { amount: 10, unit: 'transaction' }, l0: exits(5000 / rate) };
    journal.series(`l2-${configuration}`, 'netperf-rr');
    journal.sample({ cell: `l2-${configuration}`, benchmark: 'netperf-rr', value: rate, ...counted });
    journal.samples(`l2-${configuration}`, 'hackbench', [100 / rate]);
  }
  return journal.samples('l3-dvh-vp', 'netperf-rr', [10]).samples('l3-step-ipi', 'netperf-rr', [20]);
}

test('each step is compared with the one before, and the last with the first', () => {
  using journal = measured();
  const rows = breakdown(journal.results);
  expect(rows.map(({ level, benchmark, gain }) => [level, benchmark, gain?.times ?? null])).toEqual([
    [2, 'hackbench', 4.5],
    [2, 'netperf-rr', 4.5],
    [3, 'netperf-rr', null],
  ]);
  const gains = rows.map(({ steps }) => steps.map(({ gain }) => gain?.times ?? null));
  expect(gains.slice(0, 2)).toEqual([
    [null, 1.5, 1, 2, 1.5],
    [null, 1.5, 1, 2, 1.5],
  ]);
  // The step between was not measured.
  expect(gains[2]).toEqual([null, null, null, null, null]);
});

test('the table has the steps side by side', () => {
  using journal = measured();
  const lines = terminalTable(journal.results, { columns: 160, colours: false }).split('\n');
  const from = lines.findIndex((line) => line.startsWith('one step after'));
  expect(lines.slice(from, lines.indexOf('', from)).join('\n')).toMatchInlineSnapshot(`
    "one step after another                               dvh-vp        + timer         + IPIs  + virtual idle  + posted interrupts  together
    ----------------------------------------------------------------------------------------------------------------------------------------
    L2 hackbench            s                      1.000         0.6667  1.50x  0.6667  1.00x   0.3333  2.00x        0.2222  1.50x     4.50x
    L2 netperf-rr           transactions/s         100.0          150.0  1.50x   150.0  1.00x    300.0  2.00x         450.0  1.50x     4.50x
                            exits per transaction  5.000          3.300          3.300           1.700                1.100
    L3 netperf-rr           transactions/s         10.00                         20.00"
  `);
});

test('the summary in Markdown has the same', () => {
  using journal = measured();
  const lines = markdownOf(summaryOf(journal.results)).split('\n');
  const from = lines.findIndex((line) => line.includes('together'));
  expect(lines.slice(from, lines.indexOf('', from)).join('\n')).toMatchInlineSnapshot(`
    "|  |  | dvh-vp | + timer | + IPIs | + virtual idle | + posted interrupts | together |
    | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
    | **L2 hackbench** | s | 1.000 | 0.6667 (1.50x) | 0.6667 (1.00x) | 0.3333 (2.00x) | 0.2222 (1.50x) | 4.50x |
    | **L2 netperf-rr** | transactions/s | 100.0 | 150.0 (1.50x) | 150.0 (1.00x) | 300.0 (2.00x) | 450.0 (1.50x) | 4.50x |
    |  | exits per transaction | 5.000 | 3.300 | 3.300 | 1.700 | 1.100 |  |
    | **L3 netperf-rr** | transactions/s | 10.00 |  | 20.00 |  |  |  |"
  `);
});

test('the matrix alone has no breakdown, in no form', () => {
  using journal = new TestJournal()
    .start()
    .samples('l2-dvh-vp', 'netperf-rr', [100])
    .samples('l2-dvh', 'netperf-rr', [300]);
  expect(breakdown(journal.results)).toEqual([]);
  expect(breakdownCsv(journal.results)).toBeNull();
  expect(terminalTable(journal.results, { columns: 120, colours: false })).not.toContain('one step after');
  expect(reportHtml(journal.results)).not.toContain('Breakdown');
});

/** Two boots of each of the first three steps: the second brings something, the third may not. */
function booted(): TestJournal {
  const journal = new TestJournal().start();
  const boots = [
    [100, 101],
    [150, 151],
    [155, 152],
  ];
  for (const [index, rates] of boots.entries()) {
    const cell = `l2-${STEPS[index]?.configuration}`;
    for (const [boot, rate] of rates.entries())
      journal.boot(cell).samples(cell, 'netperf-rr', [rate], boot + 1);
  }
  return journal;
}

test('a gain has the interval over boots that an overhead has, and a mark if that includes 1', () => {
  using journal = booted();
  const [row] = breakdown(journal.results);
  expect(row?.steps.map(({ gain }) => gain && isUnclear(gain))).toEqual([null, false, true, null, null]);
  const { times = 0, interval } = row?.steps[1]?.gain ?? {};
  expect(interval).toMatchObject({ of: 'boots', ratio: expect.closeTo(times, 9) });
  const table = terminalTable(journal.results, { columns: 160, colours: false });
  expect(table).toMatch(/150\.5 +1\.50x +153\.5 \?1\.02x/);
  expect(table).toContain('?: its 95 % interval over boots includes 1.00x');
  expect(table).not.toContain('has no interval');
  expect(markdownOf(summaryOf(journal.results))).toContain('153.5 (?1.02x)');
  expect(breakdownCsv(journal.results)).toMatch(/step-ipi,.*,153\.5,1\.0199\d*,0\.\d+,1\.\d+,/);
  expect(reportHtml(journal.results)).toContain('95 % from');
});

test('with one boot a gain has no interval and no mark, and the legend says so', () => {
  using journal = measured();
  const table = terminalTable(journal.results, { columns: 160, colours: false });
  expect(table).toContain('no interval of times better where one of the two steps has only one boot');
  expect(table).not.toMatch(/\?\d/);
});

test('the figure has the steps in order, and no other figure has them', () => {
  using journal = measured();
  const steps = STEPS.map(({ configuration }) => configuration);
  const bars = barsOf(journal.results, BREAKDOWN_FIGURE).filter(
    ({ benchmark }) => benchmark === 'netperf-rr',
  );
  expect(bars.map(({ cell }) => cell)).toEqual([
    ...steps.map((name) => `l2-${name}`),
    ...['dvh-vp', 'step-ipi', 'dvh'].map((name) => `l3-${name}`),
  ]);
  expect(bars.slice(0, 5).map(({ overhead }) => overhead)).toEqual([45, 30, 30, 15, 10]);
  expect(barsOf(journal.results, ADDITIONAL).some(({ cell }) => cell.includes('step'))).toBe(false);
  expect(reportHtml(journal.results)).toContain('figure-breakdown.svg');
});

test('the file has a row for each step', () => {
  using journal = measured();
  expect(breakdownCsv(journal.results)?.split('\n').slice(0, 3)).toMatchInlineSnapshot(`
    [
      "benchmark,level,cell,step,unit,mean,times_better_than_the_step_before,low_95,high_95,operation,exits_per_operation",
      "hackbench,L2,l2-dvh-vp,dvh-vp,s,1,,,,,",
      "hackbench,L2,l2-step-timer,+ timer,s,0.6666666666666666,1.5,,,,",
    ]
  `);
});
