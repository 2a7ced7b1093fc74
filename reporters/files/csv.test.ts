import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { csv } from './csv.ts';

const COLUMNS = {
  'a.b': (row: { a: string | null; b: number | null }) => row.a,
  'with, comma': (row: { b: number | null }) => row.b,
};

/** A minimal reader of RFC 4180. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n"]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

test('null is an empty field, and a row of nulls is still a row', () => {
  expect(
    csv(
      [
        { a: 'x', b: 1.5 },
        { a: null, b: null },
        { a: 'y "z"', b: 0 },
      ],
      COLUMNS,
    ),
  ).toBe('a.b,"with, comma"\nx,1.5\n,\n"y ""z""",0\n');
});

test('without rows, only the headings or nothing', () => {
  expect(csv([], COLUMNS)).toBe('a.b,"with, comma"\n');
  expect(csv([], COLUMNS, { header: false })).toBe('');
});

test('any text and any number can be read back', () => {
  const row = fc.record({ a: fc.string({ unit: 'binary-ascii' }), b: fc.double({ noNaN: true }) });
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const read = parse(csv(rows, COLUMNS, { header: false }));
      expect(read.map(([a]) => a)).toEqual(rows.map(({ a }) => a));
      expect(read.map(([, b]) => Number(b))).toEqual(rows.map(({ b }) => b + 0));
    }),
  );
});
