import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { quote } from './quote.ts';

/** Splits a line with a real shell. */
function splitByShell(line: string): string[] {
  const output = execFileSync('sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`], {
    encoding: 'utf8',
  });
  return output.split('\0').slice(0, -1);
}

const word = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '\t', '*', '~', '!', '#', '=', 'a'),
  }),
  fc.constantFrom('', '-n', '--', 'A=b', '$(id)', "it's", 'ünïcödé', '日本語', '{a,b}', '~root', '\r\n'),
);

test('a shell splits a quoted argv into exactly its words', () => {
  fc.assert(
    fc.property(fc.array(word.filter((text) => !text.includes('\0'))), (argv) => {
      expect(splitByShell(quote(argv))).toEqual(argv);
    }),
    { numRuns: 150 },
  );
});

test('a word that looks like an assignment is still the command', () => {
  expect(quote(['A=b', 'c'])).toBe("'A=b' c");
});

test('words that need no quotes stay readable', () => {
  expect(quote(['mount', '-o', 'ro,noatime', '/dev/vda', '/mnt'])).toBe('mount -o ro,noatime /dev/vda /mnt');
});

test('a NUL is rejected', () => {
  expect(() => quote(['a\0b'])).toThrow(RangeError);
});
