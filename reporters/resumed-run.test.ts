/** All that is made of a run that was cut off after one of three iterations, and completed on another boot. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { writeFiles } from './exporters.ts';
import { summaryOf } from './analysis/summary.ts';
import { failures } from './analysis/problems.ts';
import { cellTimes } from './analysis/phases.ts';
import { type Measured, outcomeOf } from './model/experiment-results.ts';
import { TestJournal } from './model/journal.testing.ts';
import { measurementOf } from './model/measurement.ts';
import { summaryText } from './terminal/summary-text.ts';

const CELL = 'l1-baseline';
const BENCHMARK = 'hackbench';
const PLACE = { cell: CELL, benchmark: BENCHMARK };
const REQUEST = { variables: {}, cells: [{ cell: CELL, benchmarks: [BENCHMARK] }] };

/** The samples are 1, then 2 and 4 on the second boot. */
function resumedJournal(): TestJournal {
  const journal = new TestJournal()
    .start({ request: REQUEST })
    .boot(CELL, { id: 'one', phases: [{ name: 'l0: kernel', seconds: 4 }] })
    .series(CELL, BENCHMARK, 1, { boot: 'one' })
    .sample({ ...PLACE, boot: 'one', value: 1 })
    .fail(CELL, null, { boot: 'one', code: 'NESTBENCH_GUEST_DIED' })
    .boot(CELL, { id: 'two', phases: [{ name: 'l0: kernel', seconds: 5 }] });
  const cut = journal.results.records.find((record) => record.type === 'series');
  return journal
    .series(CELL, BENCHMARK, 1, { boot: 'two', continues: cut?.at })
    .sample({ ...PLACE, boot: 'two', iteration: 2, value: 2 })
    .sample({ ...PLACE, boot: 'two', iteration: 3, value: 4 });
}

function measured({ results }: TestJournal): Measured {
  const outcome = outcomeOf(results, CELL, BENCHMARK);
  if (outcome.state !== 'measured') throw new Error(outcome.state);
  return outcome;
}

function textOf(directory: string, file: string): string {
  return readFileSync(path.join(directory, file), 'utf8');
}

test('it is one run, whose average counts as the artifact’s, and one column of its CSV', () => {
  using journal = resumedJournal();
  const { runs, best } = measured(journal);
  expect(runs.map(({ run, values }) => [run, values])).toEqual([[1, [1, 2, 4]]]);
  expect(best).toEqual({ run: 1, value: 7 / 3, of: 1 });
  writeFiles(journal.results, journal.directory);
  expect(textOf(journal.directory, `${CELL}/${BENCHMARK}.csv`)).toBe('1\n2\n4\n');
});

test('its mean and interval are over two boots', () => {
  using journal = resumedJournal();
  expect(measured(journal).interval).toMatchObject({ mean: 2, of: 'boots', means: [1, 3] });
  expect(summaryText(summaryOf(journal.results), { columns: 120, colours: false })).not.toContain(
    'within one boot',
  );
  expect(textOfSummary(journal, 'all')).toMatch(/,boots,/);
  // The interval of its iterations would take them for independent.
  expect(textOfSummary(journal, '1')).toMatch(/^[^,]*,.*,1,3,2.3333333333333335,/);
  expect(textOfSummary(journal, '1')).not.toContain('within one boot');
});

/** The row of `summary.csv` of a run. */
function textOfSummary(journal: TestJournal, run: string): string {
  writeFiles(journal.results, journal.directory);
  const rows = textOf(journal.directory, 'summary.csv').split('\n');
  return rows.find((row) => row.includes(BENCHMARK) && row.includes(`,${run},`)) ?? '';
}

test('a verdict and the history count it as two boots', () => {
  using journal = resumedJournal();
  expect(measurementOf(measured(journal))).toEqual({ boots: 2, runs: 1, samples: 3, mean: 2 });
});

test('other tools are told both boots', () => {
  using journal = resumedJournal();
  writeFiles(journal.results, journal.directory);
  expect(textOf(journal.directory, 'exchange/google-benchmark.json')).toContain('run 1 in boot 1 and 2, s');
});

test('nothing of it failed, but the loss of its first stack is told', () => {
  using journal = resumedJournal();
  expect(measured(journal).failures).toEqual([]);
  expect(failures(journal.results)).toEqual([
    { reason: expect.stringContaining('NESTBENCH_GUEST_DIED'), where: CELL },
  ]);
});

test('the times of the cell have both boots', () => {
  using journal = resumedJournal();
  expect(cellTimes(journal.results)).toMatchObject([
    { cell: CELL, stages: { L0: 9 }, boot: [{ name: 'l0: kernel', seconds: 9 }] },
  ]);
});

test('a benchmark whose next run has no samples says what ended its stack', () => {
  using journal = resumedJournal();
  journal.start({ request: REQUEST }).series(CELL, BENCHMARK, 2);
  expect(measured(journal).failures).toMatchObject([{ code: 'NESTBENCH_GUEST_DIED' }]);
});
