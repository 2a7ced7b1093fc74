import { expect, test } from 'vitest';
import { parseExplainOptions } from './explain-options.ts';

const parse = (...words: string[]) => parseExplainOptions(words);

test('a cell and an operation', () => {
  expect(parse('--cell', 'l2-baseline', '--operation', 'hypercall')).toMatchObject({
    cell: { name: 'l2-baseline' },
    operation: 'hypercall',
    sequence: false,
    compare: undefined,
  });
});

test('compares with a cell', () => {
  expect(
    parse('--cell=l3-dvh', '--operation=program-timer', '--compare=l3-baseline', '--sequence'),
  ).toMatchObject({ sequence: true, compare: { cell: { name: 'l3-baseline' } } });
});

test.each([
  [[], '--cell is missing'],
  [['--cell', 'l2-baseline'], '--operation is missing: it is one of hypercall,'],
  [['--cell', 'l2-baseline', '--operation', 'hackbench'], 'There is no operation "hackbench"'],
  [['--cell', 'l4-baseline', '--operation', 'cpuid'], 'There is no cell "l4-baseline" with microbenchmarks'],
  [['--cell', 'l0-baseline', '--operation', 'cpuid'], 'There is no cell "l0-baseline" with microbenchmarks'],
  [['--cell', 'l2-baseline', '--operation', 'cpuid', '--compare', 'nothing'], 'There is no cell "nothing"'],
  [['l2-baseline'], '"l2-baseline" is not an option'],
  [['--cells', 'l2-baseline'], '--cells'],
])('%j: %s', (words, sentence) => {
  expect(() => parse(...words)).toThrow(sentence);
});
