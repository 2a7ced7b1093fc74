import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainText } from '../fixtures/plain-text.ts';
import { type JournalVisitor, type Part, partsOf, visitJournal } from './journal-reader.ts';
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

describe('parts of a file', () => {
  test('have all its lines once, whatever they hold and however many parts there are', () => {
    const reason = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(fc.array(reason, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (reasons, count) => {
        const file = fileOf(reasons.map((text) => `${skip(text)}\n`).join(''));
        const parts = partsOf(file, count);
        expect(parts.flatMap((part) => read(file, part).reasons)).toEqual(reasons.map(plainText));
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

test('a byte order mark before the first line is no part of it', () => {
  expect(read(fileOf(`\uFEFF${skip('a')}\n${skip('b')}\n`))).toEqual({
    lines: 2,
    reasons: ['a', 'b'],
    damaged: [],
  });
});
