import { expect, test } from 'vitest';
import { bisection } from '../analysis/bisection.testing.ts';
import { bisectText } from './bisect-text.ts';

test('names the commit, its files, its costs at each level, and what was skipped', () => {
  expect(bisectText(bisection())).toMatchInlineSnapshot(`
    "One change between v6.6 and v6.12 in l2-baseline:

    000acccccccccccccccccccccccccccccccccccc change 10
      Some Body <some@body.example>, 2026-01-01
      arch/x86/kvm/svm/svm.c
                              before   after  change
      l1-baseline  hypercall   2,283   2,283  0.00 %
      l2-baseline  hypercall  14,160  14,950  +5.6 %
      l3-baseline  hypercall  49,964  53,100  +6.3 %

    Skipped:
      0006cccccccc change 6: does not build: svm.c:5661: error: "this" <undeclared>
      0007cccccccc change 7: not measured in l2-baseline: L0 panicked: Attempted to kill init"
  `);
});

test('says what the found commits do not explain', () => {
  expect(bisectText(bisection({ found: [] }))).toContain(
    'Of the 785 instructions that hypercall changed by, these explain 0.',
  );
});
