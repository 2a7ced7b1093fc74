import { expect, test } from 'vitest';
import { seriesOf } from '../analysis/bisection.testing.ts';
import { seriesText } from './series-text.ts';

test('a row for each operation in each cell, a column for each kernel, and what was skipped', () => {
  expect(seriesText(seriesOf())).toMatchInlineSnapshot(`
    "Instructions of one operation, and the change from the first kernel to the last:

    cell         operation    v6.1  v6.12    v7.3  change
    l1-baseline  hypercall   2,200      -   2,283  +3.8 %
    l1-baseline  cpuid       2,000      -   2,000  0.00 %
    l2-baseline  hypercall  13,000      -  14,155  +8.9 %
    l2-baseline  cpuid      12,000      -  11,000  -8.3 %

    Skipped:
      v6.12: does not build: svm.c:1: error: x"
  `);
});
