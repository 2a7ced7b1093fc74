import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainText } from '../../fixtures/plain-text.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { Journal, JOURNAL_FILE, type Unstamped } from './journal.ts';
import { readJournal, readJournalIfAny } from './journal-reader.ts';

function skip(reason = 'not built'): Unstamped {
  return { type: 'skip', cell: 'l1-dvh', benchmark: 'mysql', reason };
}

function journalIn(directory = path.join(temporaryDirectory(), 'results', 'night')): Journal {
  return new Journal(directory);
}

function reasonsIn(journal: Journal): string[] {
  return readJournal(journal.directory).records.flatMap((record) =>
    record.type === 'skip' ? record.reason : [],
  );
}

describe('a record', () => {
  test('is one line with a timestamp', () => {
    const journal = journalIn();
    journal.append(skip());
    const text = readFileSync(journal.file, 'utf8');
    expect(text).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(text)).toEqual({ ...skip(), at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) });
  });

  test('is read back as it was written, except for control characters', () => {
    const journal = journalIn();
    const written: string[] = [];
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii' }),
        fc.constantFrom('', '\n', '\r\n', '\u2028', 'ü', '😀', '\0'),
        (text, odd) => {
          // Numbered, because equal records of one millisecond count once.
          const reason = `${written.length} ${text}${odd}`;
          journal.append(skip(reason));
          written.push(plainText(reason));
        },
      ),
      { numRuns: 30 },
    );
    expect(reasonsIn(journal)).toEqual(written);
  });

  test('is appended to the existing ones', () => {
    const journal = journalIn();
    for (const reason of ['first', 'second']) journal.append(skip(reason));
    journalIn(journal.directory).append(skip('of another start'));
    expect(reasonsIn(journal)).toEqual(['first', 'second', 'of another start']);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'with a sample of %s is rejected and leaves nothing',
    (value) => {
      const journal = journalIn();
      const sample: Unstamped = {
        type: 'sample',
        cell: 'l1-baseline',
        benchmark: 'hackbench',
        run: 1,
        iteration: 1,
        value,
        unit: 's',
        better: 'lower',
        started: '2026-11-23T00:41:00.000Z',
        seconds: 1,
        output: 'x.txt',
      };
      expect(() => journal.append(sample)).toThrow(/value/);
      expect(existsSync(journal.file)).toBe(false);
    },
  );
});

describe('a journal left incomplete by a kill', () => {
  test('loses only the incomplete record, and takes the next ones on their own lines', () => {
    const journal = journalIn();
    for (const reason of ['whole', 'torn']) journal.append(skip(reason));
    truncateSync(journal.file, readFileSync(journal.file).length - 10);
    journalIn(journal.directory).append(skip('after'));
    const { records, damaged } = readJournal(journal.directory);
    expect(records).toMatchObject([{ reason: 'whole' }, { reason: 'after' }]);
    expect(damaged).toEqual([{ line: 2, reason: 'not JSON: incomplete after a kill, or damaged' }]);
  });

  test('keeps every complete record, wherever it is cut', () => {
    const journal = journalIn();
    for (const reason of ['zwölf', '😀']) journal.append(skip(reason));
    const whole = readFileSync(journal.file);
    const firstEnd = whole.indexOf('\n');
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(journal.file, whole.subarray(0, length));
      const { records, damaged } = readJournal(journal.directory);
      const complete = length >= whole.length - 1 ? 2 : Number(length >= firstEnd);
      expect(records).toHaveLength(complete);
      expect(damaged.length).toBeLessThanOrEqual(1);
    }
  });
});

describe('a line that is not a record', () => {
  test.each([
    ['something else', 'hello', /not JSON/],
    ['a record of another kind', '{"type":"verdict"}', /type/],
    [
      'a record without its fields',
      '{"type":"skip","at":"2026-11-23T00:41:00.000Z"}',
      /cell: .*; benchmark: .*; reason: /,
    ],
    ['a value', '4', /./],
  ])('(%s) is reported with its number and the reason, and the others are read', (_name, line, reason) => {
    const journal = journalIn();
    journal.append(skip('before'));
    appendFileSync(journal.file, `${line}\n`);
    journal.append(skip('after'));
    const { damaged } = readJournal(journal.directory);
    expect(damaged).toEqual([{ line: 2, reason: expect.stringMatching(reason) }]);
    expect(reasonsIn(journal)).toEqual(['before', 'after']);
  });

  test('an empty line does not count as a record', () => {
    const journal = journalIn();
    appendFileSync(journal.file, '\n\n');
    expect(readJournal(journal.directory)).toEqual({ records: [], damaged: [] });
  });
});

describe('without a journal', () => {
  test('reading says where it was searched and what to name', () => {
    const directory = temporaryDirectory();
    expect(() => readJournal(directory)).toThrow(
      expect.objectContaining({ name: 'InputError', code: 'NESTBENCH_UNKNOWN_EXPERIMENT' }),
    );
    expect(() => readJournal(directory)).toThrow(`There is no journal in ${directory}.`);
  });

  test('reading an optional one gives nothing', () => {
    expect(readJournalIfAny('/no/such/directory')).toEqual({ records: [], damaged: [] });
  });
});

test('a raw output is kept completely, under a path that the record can name', () => {
  const journal = journalIn();
  const relative = journal.keepOutput('l1-baseline', 'hackbench/run-1-iteration-2', 'Time: 1\n');
  expect(relative).toBe('l1-baseline/hackbench/run-1-iteration-2.txt');
  expect(readFileSync(path.join(journal.directory, relative), 'utf8')).toBe('Time: 1\n');
});

/** A process that says that it is ready, and then appends `count` records of 5 kB each. */
function writer(directory: string, name: string, count: number): ReturnType<typeof spawn> {
  const script = `
    const { Journal } = await import(${JSON.stringify(path.join(import.meta.dirname, 'journal.ts'))});
    const journal = new Journal(${JSON.stringify(directory)});
    for (let i = 0; i < ${count}; i++)
      journal.append({ type: 'skip', cell: ${JSON.stringify(name)}, benchmark: String(i), reason: 'x'.repeat(5000) });`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

test('concurrent writers do not mix their lines', async () => {
  const { directory } = journalIn();
  await Promise.all(['a', 'b', 'c'].map((name) => once(writer(directory, name, 40), 'exit')));
  const { records, damaged } = readJournal(directory);
  expect(damaged).toEqual([]);
  const written = (name: string): string[] =>
    records.flatMap((record) => (record.type === 'skip' && record.cell === name ? record.benchmark : []));
  for (const name of ['a', 'b', 'c'])
    expect(written(name)).toEqual(Array.from({ length: 40 }, (_, i) => String(i)));
});

test('a writer that is killed leaves complete records, except for the last', async () => {
  const journal = journalIn();
  const killed = writer(journal.directory, 'a', 1e6);
  await expect
    .poll(() => readJournalIfAny(journal.directory).records.length, { timeout: 20_000 })
    .toBeGreaterThan(5);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const before = readJournal(journal.directory);
  expect(before.damaged.length).toBeLessThanOrEqual(1);
  journal.append(skip('after'));
  expect(readJournal(journal.directory).records).toHaveLength(before.records.length + 1);
});

test('a journal that is not a file is an error, not an empty journal', () => {
  const directory = temporaryDirectory();
  mkdirSync(path.join(directory, JOURNAL_FILE));
  expect(() => readJournal(directory)).toThrow(/can't be read: it is not a file/);
});

test('a journal whose time alone has changed, as early in another write, is the same', () => {
  const journal = journalIn();
  journal.append(skip('first'));
  utimesSync(journal.file, new Date(), new Date(Date.now() + 5000));
  journal.append(skip('second'));
  expect(readJournal(journal.directory).records).toHaveLength(2);
});

describe('a journal that somebody removes while it is written', () => {
  test.each([
    ['removed', (directory: string) => rmSync(directory, { recursive: true })],
    [
      'replaced by another',
      (directory: string) => {
        rmSync(directory, { recursive: true });
        new Journal(directory).append(skip('other'));
      },
    ],
  ])('is not begun again when it was %s', (_, change) => {
    const journal = journalIn();
    journal.append(skip('first'));
    change(journal.directory);
    expect(() => journal.assertThere()).toThrow('was removed or replaced');
    expect(() => journal.append(skip('second'))).toThrow(
      expect.objectContaining({ code: 'NESTBENCH_JOURNAL_GONE', kind: 'infrastructure' }),
    );
    expect(
      readJournalIfAny(journal.directory).records.map((record) => record.type === 'skip' && record.reason),
    ).not.toContain('second');
  });

  test('is noticed by a worker that has written nothing yet', () => {
    const { directory } = journalIn();
    new Journal(directory).append(skip('first'));
    const worker = new Journal(directory);
    rmSync(directory, { recursive: true });
    worker.keepOutput('l1-baseline', 'x', 'raw');
    expect(() => worker.append(skip('second'))).toThrow('was removed or replaced');
  });
});
