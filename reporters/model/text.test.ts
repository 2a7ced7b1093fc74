import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstLine, wrap } from './text.ts';
import { count } from '../../setup/lib/count.ts';

test('the first line with text, without colours and control characters', () => {
  expect(firstLine('\r\n  \u001b[31mkernel\tpanic\u001b[0m: \u0007not syncing\r\nmore')).toBe(
    'kernel panic:  not syncing',
  );
  expect(firstLine('')).toBe('');
  expect(firstLine('\n\n')).toBe('');
});

test('a line that ends in a colon includes the next', () => {
  expect(firstLine('it exited with 127: \n\n sh: nosuch: not found\nmore')).toBe(
    'it exited with 127: sh: nosuch: not found',
  );
  expect(firstLine('it exited with 127:')).toBe('it exited with 127:');
});

test('a first line never contains a control character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (message) => {
      expect(firstLine(message)).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test('lines break between words, and a long word stays whole', () => {
  expect(wrap('one two three-hundred four', 10, '  ', '> ')).toBe('> one two\n  three-hundred\n  four');
});

test('wrapping keeps every word in order, and only a single word is longer than a line', () => {
  const words = fc.array(fc.stringMatching(/^[a-z,.]{1,30}$/), { minLength: 1 });
  fc.assert(
    fc.property(words, fc.integer({ min: 10, max: 60 }), (text, columns) => {
      const lines = wrap(text.join(' '), columns, '    ', '  ').split('\n');
      expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(text);
      for (const line of lines) expect(line.length <= columns || !line.trim().includes(' ')).toBe(true);
    }),
  );
});

test('one run, three runs', () => {
  expect([count(1, 'run'), count(3, 'run')]).toEqual(['1 run', '3 runs']);
});
