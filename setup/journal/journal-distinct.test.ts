import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JournalRecord } from '../../fixtures/records.ts';
import { Journal } from './journal.ts';
import { describeDamaged, readJournal } from './journal-reader.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

const RUN = { cell: 'l1-baseline', benchmark: 'hackbench' };

/** A journal with one boot and a run with these values. Each call is a different measurement. */
function journalOf(values: readonly number[], run = 1): Journal {
  const journal = new Journal(temporaryDirectory());
  journal.append({ type: 'boot', cell: RUN.cell, levels: [], client: null, phases: [], seconds: 9 });
  const words = { unit: 's', better: 'lower' } as const;
  const series = { on: 'level' as const, sizes: { iterations: values.length }, argv: ['hackbench'] };
  journal.append({ type: 'series', ...RUN, run, ...words, ...series });
  for (const [index, value] of values.entries()) {
    const started = new Date(Date.UTC(2026, 10, 23) + index * 1000 + value).toISOString();
    const sample = { run, iteration: index + 1, value, started, seconds: 0.5, output: 'x' };
    journal.append({ type: 'sample', ...RUN, ...words, ...sample });
  }
  return journal;
}

function linesOf(...journals: readonly Journal[]): string[] {
  return journals.flatMap(({ file }) => readFileSync(file, 'utf8').trimEnd().split('\n'));
}

/** What is read of a journal of these lines. */
function read(lines: readonly string[]): { summary: string[]; warnings: string[] } {
  const directory = temporaryDirectory();
  writeFileSync(path.join(directory, 'journal.ndjson'), `${lines.join('\n')}\n`);
  const { records, damaged } = readJournal(directory);
  return { summary: records.map(inWords), warnings: describeDamaged(damaged) };
}

function inWords(record: JournalRecord): string {
  return record.type === 'sample'
    ? `sample ${record.run}.${record.iteration} = ${record.value}`
    : record.type;
}

/** A run of three iterations that was cut off after the first, and its rest on another boot. */
function resumed(): Journal {
  const journal = journalOf([5]);
  const { records } = readJournal(journal.directory);
  const first = records.find((record) => record.type === 'series');
  const sample = records.find((record) => record.type === 'sample');
  if (first === undefined || sample === undefined) throw new Error('both are there');
  journal.append({ type: 'boot', cell: RUN.cell, levels: [], client: null, phases: [], seconds: 8 });
  journal.append({ ...first, continues: first.at });
  for (const iteration of [2, 3]) journal.append({ ...sample, iteration });
  return journal;
}

const WHOLE = ['boot', 'series', 'sample 1.1 = 5', 'sample 1.2 = 6'];

describe('duplicates count once', () => {
  test('in a journal appended to itself', () => {
    const lines = linesOf(journalOf([5, 6]));
    expect(read([...lines, ...lines])).toEqual({
      summary: WHOLE,
      warnings: [
        'line 5 of the journal is left out: it repeats an earlier record (and 3 more, up to line 8)',
      ],
    });
  });

  test('in a journal with every line twice', () => {
    const lines = linesOf(journalOf([5, 6]));
    const { summary, warnings } = read(lines.flatMap((line) => [line, line]));
    expect(summary).toEqual(WHOLE);
    expect(warnings).toEqual([
      'line 2 of the journal is left out: it repeats an earlier record (and 3 more, up to line 8)',
    ]);
  });

  test('in any order, and however the lines are written', () => {
    const [boot = '', series = '', first = '', second = ''] = linesOf(journalOf([5, 6]));
    const rewritten = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(first)).toReversed()));
    const { summary } = read([second, rewritten, boot, series, second, first, series]);
    expect(summary).toEqual(['sample 1.2 = 6', 'sample 1.1 = 5', 'boot', 'series']);
  });
});

describe('another measurement under the same name is ignored', () => {
  test('the samples of a whole series, also those that the first does not have', () => {
    const { summary, warnings } = read(linesOf(journalOf([5, 6]), journalOf([7, 8, 9])));
    expect(summary).toEqual([...WHOLE, 'boot']);
    expect(warnings).toEqual([
      'line 6 of the journal is left out: an earlier line has another series of the same cell, benchmark and run (and 1 more, up to line 9)',
      'line 7 of the journal is left out: an earlier line has another sample of the same cell, benchmark, run and iteration (and 1 more, up to line 8)',
    ]);
  });

  test('a sample that was edited', () => {
    const lines = linesOf(journalOf([5, 6]));
    const { summary, warnings } = read([...lines, lines[2]?.replace('"value":5', '"value":55') ?? '']);
    expect(summary).toEqual(WHOLE);
    expect(warnings).toEqual([
      'line 5 of the journal is left out: an earlier line has another sample of the same cell, benchmark, run and iteration',
    ]);
  });

  test('but not the rest of a run, which names the series that it continues', () => {
    const lines = linesOf(resumed());
    const whole = [...WHOLE.slice(0, 3), 'boot', 'series', 'sample 1.2 = 5', 'sample 1.3 = 5'];
    expect(read(lines)).toEqual({ summary: whole, warnings: [] });
    expect(read([...lines, ...lines]).summary).toEqual(whole);
    expect(read([...lines, ...linesOf(resumed())]).summary).toEqual([...whole, 'boot', 'boot']);
  });

  test('but not its other runs, nor a series after one without samples', () => {
    const runs = read(linesOf(journalOf([5, 6]), journalOf([7], 2)));
    expect(runs).toEqual({ summary: [...WHOLE, 'boot', 'series', 'sample 2.1 = 7'], warnings: [] });
    const empty = read(linesOf(journalOf([]), journalOf([5, 6])));
    expect(empty).toEqual({ summary: ['boot', 'series', ...WHOLE], warnings: [] });
  });

  test('and what follows a copy of the first series belongs to the first', () => {
    const [one, other] = [linesOf(journalOf([5, 6])), linesOf(journalOf([7]))];
    const [boot = '', series = '', first = '', second = ''] = one;
    expect(read([boot, series, first, ...other, series, second]).summary).toEqual([
      'boot',
      'series',
      'sample 1.1 = 5',
      'boot',
      'sample 1.2 = 6',
    ]);
  });
});
