import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ControlCodeStripper } from './control-codes.ts';

function stripped(...chunks: string[]): string {
  const stripper = new ControlCodeStripper();
  return chunks.map((chunk) => stripper.push(chunk)).join('') + stripper.end();
}

test.for([
  ['colours', '\u001B[1;31mFAILED\u001B[0m', 'FAILED'],
  ['a cleared screen', '\u001Bc\u001B[2J\u001B[1;1HSeaBIOS', 'SeaBIOS'],
  ['a title', '\u001B]0;root@l1\u0007# ', '# '],
  ['a choice of charset', '\u001B(B\u001B)0ok', 'ok'],
  ['carriage returns', 'one\r\ntwo\r\n', 'one\ntwo\n'],
  ['backspaces and bells', 'a\b\u0007b', 'ab'],
  ['tabs and newlines, which are kept', 'a\tb\n', 'a\tb\n'],
] as const)('removes %s', ([, text, plain]) => {
  expect(stripped(text)).toBe(plain);
});

test('the position of cuts makes no difference', () => {
  const piece = fc.constantFrom(
    '\u001B',
    '[',
    '0',
    ';',
    '3',
    'm',
    ']',
    '\u0007',
    '\\',
    '(',
    'B',
    'c',
    'x',
    '\n',
    '\r',
    ' ',
  );
  const chunks = fc.array(fc.string({ unit: piece, maxLength: 6 }), { maxLength: 12 });
  fc.assert(
    fc.property(chunks, (cut) => {
      expect(stripped(...cut)).toBe(stripped(cut.join('')));
    }),
    { numRuns: 2000 },
  );
});

test('an escape sequence without an end does not swallow the console', () => {
  expect(stripped(`\u001B]0;${'x'.repeat(5000)}`)).toContain('x'.repeat(5000));
});
