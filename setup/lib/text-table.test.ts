import { expect, test } from 'vitest';
import { textTable } from './text-table.ts';

const ROWS = [
  ['level', 'cold', 'stock'],
  ['L1', '6.0 s', ''],
  ['L2, warm', '11.0 s', '12 s'],
];

test('columns are as wide as their widest cell, and lines have no trailing spaces', () => {
  expect(textTable(ROWS)).toEqual(['level     cold    stock', 'L1        6.0 s', 'L2, warm  11.0 s  12 s']);
});

test('columns of numbers are aligned right', () => {
  expect(textTable(ROWS, { gap: ' | ', right: (column) => column > 0 })).toEqual([
    'level    |   cold | stock',
    'L1       |  6.0 s |',
    'L2, warm | 11.0 s |  12 s',
  ]);
});

test('colours take no space', () => {
  const green = '\u001B[32mright\u001B[39m';
  expect(
    textTable([
      [green, 'a'],
      ['WRONG', 'b'],
      ['x', 'c'],
    ]),
  ).toEqual([`${green}  a`, 'WRONG  b', 'x      c']);
  expect(textTable([])).toEqual([]);
});
