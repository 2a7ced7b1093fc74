import { expect, test } from 'vitest';
import { differenceText, explanationText, sequenceText } from './explanation-text.ts';
import type { Explanation } from './explanation.ts';
import { CHEAPER, EXPLAINED } from './explanation.testing.ts';

test('tables of an explanation', () => {
  expect(explanationText(EXPLAINED)).toMatchInlineSnapshot(`
    "hypercall at l2-baseline: 1,003 instructions, the average of 80; the microbenchmark reports 1,000

    L0 900 (89.7 %), L1 100 (10.0 %), L2 3 (0.3 %)

    level  works on              instructions   share
    L0     VMRUN of L1                    600  59.8 %
    L0     VMMCALL of L2                  300  29.9 %
    L1     VMMCALL of L2                  100  10.0 %
    L2     the operation itself             3   0.3 %

    from  to  why                   times
    L2    L0  VMMCALL                   1
    L0    L1  handle VMMCALL of L2      1
    L1    L0  VMRUN                     1
    L0    L2  VMRUN of L1               1

    level  function           instructions   share
    L0     nested_svm_vmrun            600  59.8 %
    L0     nested_svm_vmexit           250  24.9 %
    L1     vcpu_run                    100  10.0 %
    L0     vcpu_run                     50   5.0 %
    L2     guest program                 3   0.3 %"
  `);
});

test('the rest of a long table is one line', () => {
  const paths = Array.from({ length: 22 }, (_, index) => ({
    level: 0 as const,
    cause: 'VMMCALL of L1',
    functions: [`function_${index}`],
    instructions: 100 - index,
  }));
  expect(explanationText({ ...EXPLAINED, paths })).toContain('\nand 2 more with 159 together');
});

test('one operation, step by step', () => {
  expect(sequenceText(EXPLAINED)).toMatchInlineSnapshot(`
    "One hypercall at l2-baseline, from its instruction to the next:
    level  instructions  then                             most in
    L2                3  exits: VMMCALL                   guest program 3
    L0              300  enters L1: handle VMMCALL of L2  nested_svm_vmexit 250, vcpu_run 50
    L1              100  exits: VMRUN                     vcpu_run 100
    L0              600  enters L2: VMRUN of L1           nested_svm_vmrun 600"
  `);
});

test('the difference of two', () => {
  expect(differenceText(EXPLAINED, CHEAPER)).toMatchInlineSnapshot(`
    "hypercall at l2-dvh against hypercall at l2-baseline: -200 instructions, -19.9 %

    level  works on              base  head  change
    L0     VMRUN of L1            600   400    -200
    L0     VMMCALL of L2          300   300       0
    L1     VMMCALL of L2          100   100       0
    L2     the operation itself     3     3       0

    level  function           base  head  change
    L0     nested_svm_vmrun    600   400    -200
    L0     nested_svm_vmexit   250   250       0
    L1     vcpu_run            100   100       0
    L0     vcpu_run             50    50       0
    L2     guest program         3     3       0"
  `);
});

test('two kernels are named, and the parts that compilers make of a function are one', () => {
  expect(differenceText(oneFunction('6.1', 'copy', 84), oneFunction('6.12', 'copy.isra.0', 83)))
    .toMatchInlineSnapshot(`
    "hypercall at l2-baseline with 6.12 against hypercall at l2-baseline with 6.1: -1 instructions, -1.2 %

    level  works on     base  head  change
    L0     VMRUN of L1    84    83      -1

    level  function  base  head  change
    L0     copy        84    83      -1"
  `);
});

function oneFunction(kernel: string, name: string, instructions: number): Explanation {
  return {
    ...EXPLAINED,
    total: instructions,
    paths: [{ level: 0, cause: 'VMRUN of L1', functions: [name], instructions }],
    madeOf: { kernel },
  };
}
