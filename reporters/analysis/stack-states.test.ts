import { describe, expect, test } from 'vitest';
import type { StartRecord } from '../../fixtures/records.ts';
import { markdownOf } from '../files/summary-markdown.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { barsOf, FIGURE_5 } from './overhead-figures.ts';
import { reportHtml } from '../report/page.ts';
import { describeStates, isAcrossStates, stackState } from './stack-states.ts';
import { summaryOf } from './summary.ts';
import { summaryText } from '../terminal/summary-text.ts';
import { terminalTable } from '../terminal/terminal-table.ts';
import { warningsOf } from '../verdict/differences.ts';

const PLAIN = { columns: 120, colours: false };

const RESTORED: StartRecord = {
  kind: 'warm',
  snapshot: 'l1-baseline-0123456789abcdef',
  madeAt: '2026-11-23T00:40:00.000Z',
  bytes: 100_000_000,
  behindSeconds: 60,
};
const ON_REQUEST: StartRecord = { kind: 'cold', why: 'asked for', state: 'restored' };
const BOOTED: StartRecord = { kind: 'cold', why: 'no snapshot could be made', state: 'booted' };

/** Each cell is started with its record, and measured. */
function journalOf(
  ...cells: readonly (readonly [cell: string, start: StartRecord | undefined])[]
): TestJournal {
  const journal = new TestJournal().start();
  for (const [cell, start] of cells) boot(journal, cell, start).samples(cell, 'hackbench', [1, 1.1, 1.2]);
  return journal;
}

function boot(journal: TestJournal, cell: string, start: StartRecord | undefined): TestJournal {
  return journal.record({ type: 'boot', cell, start, levels: [], client: null, phases: [], seconds: 10 });
}

describe('the state in which a stack was measured', () => {
  test.each<[string, StartRecord | undefined, string]>([
    ['a restored one', RESTORED, 'restored'],
    ['one that was saved first', { ...RESTORED, kind: 'saved' }, 'restored'],
    ['one that was booted on request', ON_REQUEST, 'restored'],
    ['one of which no snapshot could be made', BOOTED, 'booted'],
    ['an older record of one booted on request', { kind: 'cold', why: 'asked for' }, 'restored'],
    [
      'an older record of one without a snapshot',
      { kind: 'cold', why: 'no snapshot could be made: x' },
      'booted',
    ],
    ['an older record of physical machines', { kind: 'cold', why: 'its machines are physical' }, 'booted'],
    ['one from before there were snapshots', undefined, 'booted'],
  ])('%s', (_what, start, state) => {
    expect(stackState(start)).toBe(state);
  });
});

test('stacks in the same state are not reported, however they got there', () => {
  using journal = journalOf(['l0-baseline', RESTORED], ['l1-baseline', ON_REQUEST]);
  expect(describeStates(journal.results)).toBe('');
  expect(isAcrossStates(journal.results, 'l1-baseline')).toBe(false);
});

test('stacks that were all measured as booted are not reported', () => {
  using journal = journalOf(['l0-baseline', BOOTED], ['l1-baseline', undefined]);
  expect(describeStates(journal.results)).toBe('');
});

describe('with stacks in both states', () => {
  const cells = [
    ['l0-baseline', RESTORED],
    ['l1-baseline', ON_REQUEST],
    ['l1-passthrough', BOOTED],
  ] as const;
  const sentence =
    'measured in different states: restored from a snapshot: l0-baseline, l1-baseline; as booted: l1-passthrough';

  test('the cells of each are named', () => {
    using journal = journalOf(...cells);
    expect(describeStates(journal.results)).toBe(sentence);
  });

  test('only overheads across the two are marked', () => {
    using journal = journalOf(...cells);
    const marks = cells.map(([cell]) => isAcrossStates(journal.results, cell));
    expect(marks).toEqual([false, false, true]);
  });

  test('if L0 differs, all others are marked', () => {
    using journal = journalOf(['l0-baseline', BOOTED], ['l1-baseline', RESTORED], ['l2-baseline', RESTORED]);
    expect(isAcrossStates(journal.results, 'l1-baseline')).toBe(true);
    expect(isAcrossStates(journal.results, 'l2-baseline')).toBe(true);
  });

  test('tables.txt says so above its table, marks the overhead and explains the mark', () => {
    using journal = journalOf(...cells);
    const text = terminalTable(journal.results, PLAIN);
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(
      new RegExp(`stacks ${sentence}.*hackbench.*\\(1\\.0x\\).*\\(~1\\.0x\\).*~: one of the two stacks`),
    );
  });

  test.each(['summary.md', 'terminal'])('the summary says so too (%s)', (where) => {
    using journal = journalOf(...cells);
    const summary = summaryOf(journal.results);
    const text = where === 'terminal' ? summaryText(summary, PLAIN) : markdownOf(summary);
    expect(text.replaceAll(/\s+/g, ' ').replaceAll('\\', '')).toMatch(
      new RegExp(`stacks ${sentence}.*hackbench.*1\\.0x.*~1\\.0x.*~: one of the two stacks`),
    );
  });

  test('the figures and the page say so too', () => {
    using journal = journalOf(...cells);
    const reasons = barsOf(journal.results, FIGURE_5)
      .filter(({ benchmark, overhead }) => benchmark === 'hackbench' && overhead !== null)
      .map(({ cell, reason }) => [cell, reason]);
    const reason = 'one of the two stacks was measured as booted, the other restored from a snapshot';
    expect(reasons).toEqual([
      ['l1-baseline', ''],
      ['l1-passthrough', reason],
    ]);
    const page = reportHtml(journal.results);
    expect(page.indexOf(sentence)).toBeGreaterThan(0);
    expect(page.indexOf(sentence)).toBeLessThan(page.indexOf('<table'));
    expect(page).toContain(`<b>l1-passthrough</b>: ${reason}`);
  });
});

test('a cell that was measured in both states, one after the other, is reported and marked', () => {
  using journal = journalOf(['l0-baseline', RESTORED], ['l1-baseline', RESTORED]);
  boot(journal, 'l1-baseline', BOOTED).samples('l1-baseline', 'hackbench', [1, 1.1, 1.2], 2);
  expect(describeStates(journal.results)).toBe(
    'measured in different states: restored from a snapshot: l0-baseline; some of each: l1-baseline',
  );
  expect(isAcrossStates(journal.results, 'l1-baseline')).toBe(true);
});

test('a comparison of stacks in different states says so', () => {
  using base = journalOf(['l1-baseline', RESTORED], ['l2-baseline', RESTORED], ['l3-baseline', BOOTED]);
  using head = journalOf(['l1-baseline', ON_REQUEST], ['l2-baseline', BOOTED]);
  const warnings = warningsOf(base.results, head.results).filter((text) => text.startsWith('OTHER STATES'));
  expect(warnings).toEqual([
    'OTHER STATES: some stacks of l2-baseline were measured as booted, others restored from a snapshot. Differences may come from that instead of your change.',
  ]);
});

test('a stack on which nothing was measured does not count', () => {
  using journal = journalOf(['l0-baseline', RESTORED], ['l1-baseline', RESTORED]);
  boot(journal, 'l2-baseline', BOOTED);
  expect(describeStates(journal.results)).toBe('');
});
