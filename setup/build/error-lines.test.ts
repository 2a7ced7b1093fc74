import { expect, test } from 'vitest';
import { errorLines } from './error-lines.ts';

test("finds gcc's message with its source line, and make's", () => {
  const output = [
    '  CC      fs/a.o',
    'fs/a.c: In function ‘f’:',
    'fs/a.c:3:5: error: ‘x’ undeclared (first use in this function)',
    '    3 |     x = 1;',
    '      |     ^',
    '  CC      fs/b.o',
    'make[2]: *** [scripts/Makefile.build:250: fs/a.o] Error 1',
    'make: *** [Makefile:2009: .] Error 2',
  ];
  const found = errorLines(output);
  expect(found).toContain('fs/a.c:3:5: error');
  expect(found).toContain('|     ^');
  expect(found).toContain('make[2]: ***');
  expect(found).not.toContain('In function');
});

test('shows what a command printed just before make gave up', () => {
  const output = [
    '  CC  x.o',
    'crypto/Kconfig:1396: can\'t open file "arch/arm/crypto/Kconfig"',
    'make: *** [x] Error 1',
  ];
  expect(errorLines(output)).toContain("can't open file");
});

test("shows make's own reason first", () => {
  const missing = "make[2]: *** No rule to make target 'drivers/clk/clk.o'.  Stop.";
  const output = ['  AR      a.a', '  AR      b.a', missing, 'make: *** Waiting for unfinished jobs....'];
  expect(errorLines(output)).toBe(output.slice(2).join('\n'));
});

test("finds apt's and mmdebstrap's errors", () => {
  const output = [
    'I: running apt-get update...',
    'Err:1 http://deb.debian.org/debian trixie InRelease',
    '  Could not resolve',
    'E: apt-get update failed',
  ];
  expect(errorLines(output)).toBe(output.slice(1).join('\n'));
});

test('shows the end of the output if no line is an error', () => {
  const output = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  expect(errorLines(output).split('\n').at(-1)).toBe('line 99');
  expect(errorLines(output).split('\n')).toHaveLength(24);
});
