import { expect, test } from 'vitest';
import type { LevelFacts } from '../../fixtures/records.ts';
import { markdownOf } from '../files/summary-markdown.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { reportHtml } from '../report/page.ts';
import { facts } from '../report/report.testing.ts';
import { terminalTable } from '../terminal/terminal-table.ts';
import { summaryOf } from './summary.ts';
import { describeTuning } from './machine-tuning.ts';

const TUNED: LevelFacts['tuning'] = { governors: ['performance'], turbo: 'off', irqbalance: 'stopped' };

function journalOf(...servers: readonly LevelFacts['tuning'][]): TestJournal {
  const journal = new TestJournal().start();
  for (const [level, tuning] of servers.entries()) {
    const cell = `l${level}-baseline`;
    const [server, client] = [
      { ...facts(0), tuning },
      { ...facts(0), tuning: servers[0] },
    ];
    journal.boot(cell, { levels: [server], client }).samples(cell, 'hackbench', [1, 1.1, 1.2]);
  }
  return journal;
}

test('what was found is below the table, in the summary and in the page', () => {
  using journal = journalOf(TUNED, TUNED);
  const { results } = journal;
  const line =
    'server: governor performance, turbo off, irqbalance stopped; client: governor performance, turbo off, irqbalance stopped';
  expect(describeTuning(results)).toBe(line);
  expect(terminalTable(results, { columns: 200, colours: false })).toContain(`\n  tuning as found: ${line}`);
  expect(markdownOf(summaryOf(results))).toContain(`tuning as found: ${line}`);
  expect(reportHtml(results)).toContain(`<p>Tuning as found: ${line}.</p>`);
  expect(reportHtml(results)).toContain('<dt>tuning as found</dt>');
});

test('what a machine does not tell is unknown', () => {
  using journal = journalOf({ governors: ['powersave'] });
  expect(describeTuning(journal.results)).toContain(
    'server: governor powersave, turbo unknown, irqbalance unknown;',
  );
});

test('cells whose machines were tuned in different ways are named', () => {
  using journal = journalOf({ ...TUNED, turbo: 'on' }, TUNED);
  expect(describeTuning(journal.results)).toBe(
    [
      'server: governor performance, turbo on, irqbalance stopped (l0-baseline)',
      'server: governor performance, turbo off, irqbalance stopped (l1-baseline)',
      'client: governor performance, turbo on, irqbalance stopped',
    ].join('; '),
  );
});

test('an emulated testbed, and an older journal, have no such line', () => {
  using journal = journalOf(undefined);
  expect(describeTuning(journal.results)).toBe('');
  expect(terminalTable(journal.results, { columns: 120, colours: false })).not.toContain('tuning');
});
