import { expect, test } from 'vitest';
import type { StartRecord } from '../../fixtures/records.ts';
import { markdownOf } from '../files/summary-markdown.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { barsOf, FIGURE_5 } from './overhead-figures.ts';
import { summaryOf } from './summary.ts';
import { summaryText } from '../terminal/summary-text.ts';
import { terminalTable } from '../terminal/terminal-table.ts';

const RESTORED: StartRecord = {
  kind: 'warm',
  snapshot: 'l0-baseline-0123456789abcdef',
  madeAt: '2026-11-23T00:40:00.000Z',
  bytes: 100_000_000,
  behindSeconds: 60,
};
const BUSY_HOST = { seconds: 3, cpus: 2, othersSeconds: 2, stealSeconds: 0 };
const LEGEND = [
  '~: one of the two stacks was measured as booted, the other restored from a snapshot',
  '#: the two sides are the best of different numbers of runs, which favours the side with more',
  '!: fewer samples than planned',
  '&: samples ran at the same time as others on the same host',
  "^: the host's CPUs had other work during a sample, see Fairness",
];

/** L0 measured twice, and L1 with everything that makes a number doubtful. */
function doubtfulJournal(): TestJournal {
  const journal = new TestJournal().start();
  const sample = (cell: string, benchmark: string, run: number, second: number): void => {
    const started = new Date(Date.UTC(2026, 10, 23, 1, 0, second)).toISOString();
    const host = cell === 'l1-baseline' && benchmark === 'hackbench' ? { host: BUSY_HOST } : {};
    journal.series(cell, benchmark, run);
    journal.sample({ cell, benchmark, run, value: 2, started, seconds: 3, ...host });
  };
  journal.boot('l0-baseline', { start: RESTORED });
  sample('l0-baseline', 'hackbench', 1, 0);
  sample('l0-baseline', 'hackbench', 2, 10);
  journal.boot('l1-baseline', { start: { kind: 'cold', why: 'no snapshot could be made', state: 'booted' } });
  sample('l1-baseline', 'hackbench', 1, 20);
  sample('l1-baseline', 'mysql', 1, 22);
  return journal.fail('l1-baseline', 'hackbench', { run: 1 });
}

test('all marks are on one number, with the same explanation everywhere', () => {
  using journal = doubtfulJournal();
  const { results } = journal;
  const summary = summaryOf(results);
  const table = terminalTable(results, { columns: 200, colours: false });
  expect(table).toContain('(~1.0x#)!&^');
  expect(table).toContain(LEGEND.map((line) => `  ${line}\n`).join(''));
  expect(summaryText(summary, { columns: 1000, colours: false })).toContain(LEGEND.join('; '));
  const markdown = markdownOf(summary).replaceAll('\\', '');
  for (const line of LEGEND) expect(markdown).toContain(`\n${line}\n`);
  const bar = barsOf(results, FIGURE_5).find(
    ({ benchmark, cell }) => benchmark === 'hackbench' && cell === 'l1-baseline',
  );
  expect(bar?.reason).toMatch(/NESTBENCH_GUEST_HUNG/);
});

test('digits line up with any marks', () => {
  using journal = doubtfulJournal();
  const lines = summaryText(summaryOf(journal.results), { columns: 40, colours: false }).split('\n');
  const endOf = (cell: string, number: string): number => {
    const line = lines.find((each) => each.startsWith(cell)) ?? '';
    return line.indexOf(number) + number.length;
  };
  expect(endOf('l0-baseline', '2.000')).toBe(endOf('l1-baseline', '~1.0x#'));
});

test('a number whose only doubt is its samples has the reason in the figures', () => {
  using journal = new TestJournal().start().samples('l0-baseline', 'hackbench', [1]);
  journal.series('l1-baseline', 'hackbench');
  journal.sample({ cell: 'l1-baseline', benchmark: 'hackbench', value: 2, host: BUSY_HOST });
  const bar = barsOf(journal.results, FIGURE_5).find(({ cell }) => cell === 'l1-baseline');
  expect(bar).toMatchObject({ overhead: 2, reason: LEGEND[4]?.slice('^: '.length) });
});
