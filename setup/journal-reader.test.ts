import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { journalRecord } from '../fixtures/records.ts';
import { type DamagedLine, type JournalVisitor, type Part, partsOf, visitJournal } from './journal-reader.ts';
import { temporaryDirectory } from './temporary.testing.ts';

function fileOf(text: string): string {
  const file = path.join(temporaryDirectory(), 'journal.ndjson');
  writeFileSync(file, text);
  return file;
}

function skip(reason: string): string {
  return JSON.stringify({ type: 'skip', at: '2026-11-23T00:40:00Z', cell: 'l1-dvh', benchmark: 'x', reason });
}

/** The reasons of the skips in a part, and the numbers of its damaged lines. */
function read(file: string, part?: Part) {
  const reasons: string[] = [];
  const damaged: number[] = [];
  const visitor: JournalVisitor = {
    record: (record) => record.type === 'skip' && reasons.push(record.reason),
    damaged: ({ line }) => void damaged.push(line),
  };
  return { lines: visitJournal(file, visitor, part), reasons, damaged };
}

/** A sample as the journal has it, every field told. */
const SAMPLE = {
  type: 'sample',
  at: '2026-11-23T00:40:03.000Z',
  cell: 'l1-baseline',
  benchmark: 'hackbench',
  run: 1,
  iteration: 2,
  value: 0.98,
  unit: 's',
  better: 'lower',
  started: '2026-11-23T00:40:02.000Z',
  seconds: 1.2,
  output: 'l1-baseline/hackbench/run-1-iteration-2.txt',
  work: { amount: 1, unit: 'run' },
  l0: { seconds: 1.3, exits: { exits: 12 }, cpuSeconds: { kernel: 0.1, harness: 0.01, benchmark: 1 } },
  beforeSeconds: 0.1,
  afterSeconds: 0,
  gapSeconds: 0.02,
};

describe('parts of a file', () => {
  test('have all its lines once, whatever they hold and however many parts there are', () => {
    const reason = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(fc.array(reason, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (reasons, count) => {
        const file = fileOf(reasons.map((text) => `${skip(text)}\n`).join(''));
        const parts = partsOf(file, count);
        expect(parts.flatMap((part) => read(file, part).reasons)).toEqual(reasons);
      }),
      { numRuns: 60 },
    );
  });

  test('count their own lines', () => {
    const file = fileOf(`${skip('a')}\ntorn\n${skip('b')}\n\n{}\n`);
    const halves = partsOf(file, 2).map((part) => read(file, part));
    expect(halves.reduce((sum, { lines }) => sum + lines, 0)).toBe(5);
    expect(read(file)).toEqual({ lines: 5, reasons: ['a', 'b'], damaged: [2, 5] });
  });
});

test('a line that is longer than what is read at once is one line', () => {
  const long = 'ü'.repeat(2 ** 20);
  expect(read(fileOf(`${skip('before')}\n${skip(long)}\n${skip('behind')}`)).reasons).toEqual([
    'before',
    long,
    'behind',
  ]);
});

test('a sample is judged as its schema judges it', () => {
  const wrong = fc.oneof(
    fc.constantFrom<unknown>(null, '', 'x', 0, -1, 1.5, 2 ** 60, true, [], {}, { x: -1 }, { x: 1 }),
    fc.constantFrom<unknown>('2026-02-30T00:00:00Z', '2026-11-23T00:40:02Z', '2026-11-23', 'higher'),
  );
  const key = fc.constantFrom(...Object.keys(SAMPLE), 'other');
  let refused = 0;
  fc.assert(
    fc.property(key, wrong, (name, value) => {
      const line = JSON.stringify({ ...SAMPLE, [name]: value });
      const records: unknown[] = [];
      const damaged: DamagedLine[] = [];
      visitJournal(fileOf(line), {
        record: (record) => void records.push(record),
        damaged: (told) => void damaged.push(told),
      });
      const byZod = journalRecord.safeParse(JSON.parse(line));
      expect(records).toHaveLength(byZod.success ? 1 : 0);
      expect(damaged).toHaveLength(byZod.success ? 0 : 1);
      refused += damaged.length;
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(100);
});
