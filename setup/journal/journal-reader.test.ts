import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainText } from '../../fixtures/plain-text.ts';
import { type DamagedLine, distinctRecords } from './journal-reader.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

function fileOf(text: string): string {
  const file = path.join(temporaryDirectory(), 'journal.ndjson');
  writeFileSync(file, text);
  return file;
}

function skip(reason: string): string {
  return JSON.stringify({ type: 'skip', at: '2026-11-23T00:40:00Z', cell: 'l1-dvh', benchmark: 'x', reason });
}

/** The reasons of the skips in a file, and the numbers of its damaged lines. */
function read(file: string) {
  const damaged: DamagedLine[] = [];
  const records = [...distinctRecords(file, damaged)];
  const reasons = records.map((record) => (record.type === 'skip' ? record.reason : record.type));
  return { reasons, damaged: damaged.map(({ line }) => line) };
}

test('every line is read once, whatever it contains', () => {
  const reason = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(fc.uniqueArray(reason, { selector: plainText, maxLength: 12 }), (reasons) => {
      const file = fileOf(reasons.map((text) => `${skip(text)}\n`).join(''));
      expect(read(file)).toEqual({ reasons: reasons.map(plainText), damaged: [] });
    }),
    { numRuns: 60 },
  );
});

test('damaged lines are numbered correctly, and empty ones are counted', () => {
  const file = fileOf(`${skip('a')}\ntorn\n${skip('b')}\n\n{}\n`);
  expect(read(file)).toEqual({ reasons: ['a', 'b'], damaged: [2, 5] });
});

test.each([0, 1, 2, 3])('a character across two blocks is read correctly, cut at byte %i', (before) => {
  // After a first line whose length shifts it, every block boundary falls into a character of four bytes.
  const reasons = ['x'.repeat(before), '\u{1F9EA}'.repeat(2 ** 19)];
  expect(read(fileOf(reasons.map((text) => `${skip(text)}\n`).join(''))).reasons).toEqual(reasons);
});

test('a line longer than a block is one line', () => {
  const long = 'ü'.repeat(2 ** 20);
  expect(read(fileOf(`${skip('before')}\n${skip(long)}\n${skip('behind')}`)).reasons).toEqual([
    'before',
    long,
    'behind',
  ]);
});

test('a line longer than any string is damaged, and the next one is read', () => {
  const file = fileOf(`${skip('a')}\n`);
  // A hole, as after a crash of the host, takes no space on the disk.
  truncateSync(file, 2 ** 29 + 2 ** 20);
  appendFileSync(file, `\n${skip('b')}\n`);
  expect(read(file)).toEqual({ reasons: ['a', 'b'], damaged: [2] });
});

test('a byte order mark is not part of the first line', () => {
  expect(read(fileOf(`\uFEFF${skip('a')}\n${skip('b')}\n`))).toEqual({
    reasons: ['a', 'b'],
    damaged: [],
  });
});

test.each([
  ['written literally', '\u009B2J'],
  ['escaped', '\u001B[2J'],
])('a control character %s is replaced', (_, control) => {
  expect(read(fileOf(`${skip(`a${control}`)}\n`)).reasons).toEqual([`a\uFFFD${control.slice(1)}`]);
});
