import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './lines.ts';

/** Bytes cut into chunks anywhere. */
function cutsOf(text: string): fc.Arbitrary<Buffer[]> {
  const bytes = Buffer.from(text);
  return fc.uniqueArray(fc.nat(bytes.length), { maxLength: 20 }).map((cuts) => {
    const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
    return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
  });
}

const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));

test('lines come out complete however the bytes are cut', () => {
  const cases = fc.array(line).chain((lines) => {
    return cutsOf(lines.map((text) => `${text}\r\n`).join('')).map((chunks) => ({ lines, chunks }));
  });
  fc.assert(
    fc.property(cases, ({ lines, chunks }) => {
      const splitter = new LineSplitter();
      expect(chunks.flatMap((chunk) => splitter.push(chunk))).toEqual(lines);
    }),
  );
});

test('an incomplete line is held back', () => {
  const splitter = new LineSplitter();
  expect(splitter.push(Buffer.from('one\ntw'))).toEqual(['one']);
  expect(splitter.push(Buffer.from('o\n'))).toEqual(['two']);
});
