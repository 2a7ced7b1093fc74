import { expect, test } from 'vitest';
import { softwareOf } from '../../../fixtures/software.ts';
import { CELLS } from '../../../fixtures/matrix.ts';
import { compilerFault, localVersionOf } from './kernel-package.ts';

test('a kernel is named after its branch, as in the artifact', () => {
  const branches = new Set(CELLS.flatMap((cell) => softwareOf(cell).map(({ kernel }) => kernel)));
  expect([...branches].map((ref) => [ref, `4.18.0-${localVersionOf({ ref })}`])).toEqual([
    ['v4.18-base', '4.18.0-base'],
    ['v4.18-dvh-L0-asplos', '4.18.0-dvh-L0-asplos'],
    ['v4.18-dvh-basic-asplos', '4.18.0-dvh-basic-asplos'],
    ['v4.18-dvh-full-asplos', '4.18.0-dvh-full-asplos'],
  ]);
});

test('a ref without a dash is the whole name, without characters that a file name can’t have', () => {
  expect(localVersionOf({ ref: 'next' })).toBe('next');
  expect(localVersionOf({ ref: 'topic/nested svm' })).toBe('topic-nested-svm');
  expect(localVersionOf({ ref: 'next', localVersion: 'mine' })).toBe('mine');
});

/** The end of start_kernel in Linux 4.19.124, the first of its branch with the fix; and before. */
const FIXED = '\trest_init();\n\n\tprevent_tail_call_optimization();\n}\n';
const BEFORE = '\trest_init();\n}\n';

function faultOf(version: string, gcc: string, main = BEFORE): string | undefined {
  const [major, patchLevel, subLevel] = version.split('.');
  const makefile = `# SPDX\nVERSION = ${major}\nPATCHLEVEL = ${patchLevel}\nSUBLEVEL = ${subLevel}\n`;
  return compilerFault(makefile, main, gcc);
}

test.each([
  ['4.18.0', '12.2.0', 'Linux 4.18 does not boot when GCC 12.2.0 built it'],
  // Branches that ended before the fix.
  ['4.18.20', '12.2.0', 'Linux 4.18 does not boot when GCC 12.2.0 built it'],
  ['5.6.0', '10.1.0', 'Linux 5.6 does not boot when GCC 10.1.0 built it'],
])('Linux %s is not built by GCC %s', (version, gcc, fault) => {
  expect(faultOf(version, gcc)).toContain(fault);
});

test.each([
  ['4.18.0', '7.5.0', BEFORE],
  ['4.19.300', '12.2.0', FIXED],
  ['5.7.0', '12.2.0', BEFORE],
  ['6.1.0', '14.1.0', BEFORE],
])('Linux %s is built by GCC %s', (version, gcc, main) => {
  expect(faultOf(version, gcc, main)).toBeUndefined();
});
