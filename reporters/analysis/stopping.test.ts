import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { untilNarrow } from '../../fixtures/statistics/stop-rule.ts';
import { statisticsOf } from '../../fixtures/statistics/statistics.ts';
import { writeFiles } from '../exporters.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { outcomeOf } from '../model/experiment-results.ts';
import { ADAPTIVE_LIMIT, stoppingLines } from '../terminal/stopping-lines.ts';
import { terminalTable } from '../terminal/terminal-table.ts';

/** A series of netperf-rr of at most 40 samples, with `stopped` as its end; cut short without it. */
function ruled(
  journal: TestJournal,
  cell: string,
  values: readonly number[],
  stopped?: { reason: 'target reached' | 'most taken'; halfWidth: number | null },
  run = 1,
): void {
  const what = { cell, benchmark: 'netperf-rr', run };
  const rule = untilNarrow(0.02, 40);
  if (rule.kind === 'fixed') throw new Error('no rule');
  const unit = 'transactions/s';
  const sizes = { iterations: 40, seconds: 3 };
  journal.record({ type: 'series', ...what, unit, better: 'higher', sizes, on: 'client', argv: ['x'], rule });
  values.forEach((value, index) => journal.sample({ ...what, iteration: index + 1, value }));
  if (stopped !== undefined) journal.record({ type: 'stop', ...what, ...stopped, samples: values.length });
}

const FIVE = [100, 101, 100, 99, 100];
const SIX = [300, 310, 290, 300, 305, 295];

function adaptive(): TestJournal {
  const journal = new TestJournal().start({ profile: 'adaptive', target: 0.02 });
  ruled(journal, 'l0-baseline', FIVE, { reason: 'target reached', halfWidth: 0.0111 });
  ruled(journal, 'l1-baseline', SIX, { reason: 'most taken', halfWidth: 0.0413 });
  return journal;
}

test('says how many reached the target, with how many samples, and which did not', () => {
  using journal = adaptive();
  ruled(journal, 'l2-baseline', FIVE, { reason: 'target reached', halfWidth: 0.0111 });
  ruled(journal, 'l2-baseline', SIX, { reason: 'target reached', halfWidth: 0.02 }, 2);
  ruled(journal, 'l3-baseline', [5]);
  expect(stoppingLines(journal.results)).toEqual([
    'half-width of at most 2 % of the mean: reached in 3 of 5 series, with 5 to 6 samples; 138 fewer samples than the maximum',
    'not reached: l1-baseline netperf-rr, run 1 (± 4.13 % with 6 samples, the maximum); l3-baseline netperf-rr, run 1 (cut short)',
    ADAPTIVE_LIMIT,
  ]);
});

test('says nothing if no series had a rule', () => {
  using journal = new TestJournal().start().samples('l0-baseline', 'netperf-rr', [1, 2]);
  expect(stoppingLines(journal.results)).toEqual([]);
  expect(writeFiles(journal.results, journal.directory)).not.toContain('stopping.csv');
});

test('stopping.csv has a row per series', () => {
  using journal = adaptive();
  ruled(journal, 'l3-baseline', [5]);
  expect(writeFiles(journal.results, journal.directory)).toContain('stopping.csv');
  expect(readFileSync(path.join(journal.directory, 'stopping.csv'), 'utf8').split('\n')).toEqual([
    'level,configuration,benchmark,run,target,nominal_confidence,least,most,samples,half_width_share,stopped,doubt',
    'L0,baseline,netperf-rr,1,0.02,0.975,5,40,5,0.0111,target reached,',
    'L1,baseline,netperf-rr,1,0.02,0.975,5,40,6,0.0413,most taken,',
    'L3,baseline,netperf-rr,1,0.02,0.975,5,40,,,cut short,',
    '',
  ]);
});

test("a series with a rule has the rule's own interval, for each run and for all", () => {
  using journal = adaptive();
  const outcome = outcomeOf(journal.results, 'l0-baseline', 'netperf-rr');
  const own = statisticsOf(FIVE, 0.975);
  expect(outcome).toMatchObject({ runs: [{ statistics: own }], statistics: own });
  expect(own.halfWidth).toBeGreaterThan(1.2 * (statisticsOf(FIVE).halfWidth ?? NaN));
});

test('a run that ended at its target is complete: it may be the best, and a failure of the cell does not belong to it', () => {
  using journal = adaptive();
  ruled(journal, 'l0-baseline', [90, 90, 90, 90, 90], { reason: 'target reached', halfWidth: 0 }, 2);
  // Cut short, and better.
  ruled(journal, 'l0-baseline', [200, 200], undefined, 3);
  journal.fail('l0-baseline', null);
  expect(outcomeOf(journal.results, 'l0-baseline', 'netperf-rr')).toMatchObject({
    best: { run: 1, value: 100 },
    failures: [{ benchmark: null }],
  });
  using whole = adaptive();
  whole.fail('l0-baseline', null);
  expect(outcomeOf(whole.results, 'l0-baseline', 'netperf-rr')).toMatchObject({ failures: [] });
});

test('a run that took the maximum with a failure is incomplete', () => {
  using journal = new TestJournal().start({ profile: 'adaptive', target: 0.02 });
  ruled(journal, 'l0-baseline', SIX, { reason: 'most taken', halfWidth: 0.04 });
  journal.fail('l0-baseline', null);
  expect(outcomeOf(journal.results, 'l0-baseline', 'netperf-rr')).toMatchObject({ failures: [{}] });
});

test('the closing table has the target, says that sizes are maximums, and which interval it shows', () => {
  using journal = adaptive();
  const text = terminalTable(journal.results, { columns: 140, colours: false });
  expect(text).toContain(
    "profile     adaptive, 1 run, each until ± 2 % (quick's samples until the mean is known well enough, at most the paper's number)",
  );
  expect(text).toContain('netperf-rr: at most 40 iterations, seconds 3');
  expect(text).toContain('over iterations: at the nominal 97.5 % of the rule that stopped them');
  expect(text).toContain(
    'Adaptive stopping\n  half-width of at most 2 % of the mean: reached in 1 of 2 series, with 5 samples',
  );
});
