import { expect, test } from 'vitest';
import { findBlocks } from './find-blocks.ts';
import { PathRecords } from './path-records.ts';
import { block, encode, KERNEL, rdtsc } from './paths.testing.ts';

const marksOf = (...records: Parameters<typeof encode>[0]) => new PathRecords(encode(records)).marks();

test('finds a block by what the program printed', () => {
  const marks = marksOf(
    ...[10, 30, 31, 35].map((tsc) => rdtsc(tsc)),
    ...[100, 150, 151, 155].map((tsc) => rdtsc(tsc)),
    ...[200, 240, 241, 245].map((tsc) => rdtsc(tsc)),
  );
  // The first block is not printed.
  expect(
    findBlocks(marks, [
      { with: 50, without: 4 },
      { with: 40, without: 4 },
    ]),
  ).toEqual([
    { with: { from: 4, to: 5 }, without: { from: 6, to: 7 } },
    { with: { from: 8, to: 9 }, without: { from: 10, to: 11 } },
  ]);
});

test('a block that reads the TSC itself is one block', () => {
  const marks = marksOf(rdtsc(0), rdtsc(7), rdtsc(20), rdtsc(50), rdtsc(51), rdtsc(60));
  expect(findBlocks(marks, [{ with: 50, without: 9 }])).toEqual([
    { with: { from: 0, to: 3 }, without: { from: 4, to: 5 } },
  ]);
});

test('a block with lost records is not used', () => {
  const marks = marksOf(
    rdtsc(0),
    rdtsc(50, 1),
    rdtsc(51),
    rdtsc(60),
    rdtsc(100),
    rdtsc(150),
    rdtsc(151),
    rdtsc(160),
  );
  expect(
    findBlocks(marks, [
      { with: 50, without: 9 },
      { with: 50, without: 9 },
    ]),
  ).toEqual([undefined, { with: { from: 4, to: 5 }, without: { from: 6, to: 7 } }]);
});

test('finds the block, and not what would fit while the program waits', () => {
  const waiting = Array.from({ length: 1000 }, (_, index) => rdtsc(10 * index));
  const marks = marksOf(...waiting, ...[20_000, 20_320, 20_330, 20_370].map((tsc) => rdtsc(tsc)));
  expect(findBlocks(marks, [{ with: 320, without: 40 }])).toEqual([
    { with: { from: 1000, to: 1001 }, without: { from: 1002, to: 1003 } },
  ]);
});

test('a block that is not there is not found', () => {
  expect(findBlocks(marksOf(rdtsc(0), rdtsc(50)), [{ with: 49, without: 1 }])).toEqual([undefined]);
});

test('reads records as they were written', () => {
  const records = [block(KERNEL + 0x123_4567, -(2 ** 46) + 8, 5), rdtsc(2 ** 40 + 1)];
  const read = new PathRecords(encode(records));
  expect([read.at(0), read.at(1)]).toEqual(records);
  // The emulator was ended while it wrote.
  expect(new PathRecords(encode(records).subarray(0, 30)).length).toBe(1);
});
