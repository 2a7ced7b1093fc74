import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROGRAM } from './call-stacks.ts';
import { VMRUN } from './exit-reasons.ts';
import { type Crossing, followBlock, type Spent } from './follow-block.ts';
import { Fold } from './fold.ts';
import type { PathRecord } from './path-records.ts';
import { block, entry, exit, KERNEL } from './paths.testing.ts';
import { Symbols } from './symbols.ts';

const SYMBOLS = new Symbols([
  { name: 'vcpu_run', start: KERNEL },
  { name: 'svm_vcpu_run', start: KERNEL + 0x100 },
]);
const SP = -(2 ** 46) + 8192;
const VMMCALL = 0x81;
/** L0's VMCBs: for L1, and for what L1 asks for. */
const [FOR_L1, FOR_L1_S_GUESTS] = [0x1000, 0x2000];
/** L1's VMCBs: for L2, and for what L2 asks for. */
const [FOR_L2, FOR_L3] = [0x3000, 0x4000];
/** L2's VMCB for L3. */
const OF_L2 = 0x5000;

const program = block(0x10_0000, 0x20_0000, 3);
const kernel = block(KERNEL + 0x110, SP, 10);

function follow(records: readonly PathRecord[], level: 1 | 2 | 3): (Spent | Crossing)[] {
  return [...followBlock(() => records, level, SYMBOLS)];
}

/** `L2 VMMCALL>L0 ...`: who ran, and why it changed. */
function story(steps: readonly (Spent | Crossing)[]): string[] {
  return steps.map((step) =>
    step.kind === 'spent'
      ? `L${step.level} ${step.instructions}${step.cause === '' ? '' : ` (${step.cause})`}`
      : `L${step.from} > L${step.to}: ${step.reason}`,
  );
}

test('an exit of L1 that L0 handles', () => {
  const records = [program, exit(VMMCALL), kernel, entry(FOR_L1), program];
  expect(story(follow(records, 1))).toEqual([
    'L1 3',
    'L1 > L0: VMMCALL',
    'L0 10 (VMMCALL of L1)',
    'L0 > L1: continue after VMMCALL',
    'L1 3',
  ]);
});

test('an exit of L2 that L1 handles', () => {
  const records = [
    [program, exit(VMMCALL), kernel, entry(FOR_L1), kernel],
    [exit(VMRUN, FOR_L2), kernel, entry(FOR_L1_S_GUESTS), program],
  ].flat();
  expect(story(follow(records, 2))).toEqual([
    'L2 3',
    'L2 > L0: VMMCALL',
    'L0 10 (VMMCALL of L2)',
    'L0 > L1: handle VMMCALL of L2',
    'L1 10 (VMMCALL of L2)',
    'L1 > L0: VMRUN',
    'L0 10 (VMRUN of L1)',
    'L0 > L2: VMRUN of L1',
    'L2 3',
  ]);
});

test('an exit of L3 that L2 handles, through L1', () => {
  const records = [
    [program, exit(VMMCALL), kernel, entry(FOR_L1), kernel],
    // L1 passes it on to L2.
    [exit(VMRUN, FOR_L2), kernel, entry(FOR_L1_S_GUESTS), kernel],
    // L2 runs L3 again, which L1 does for it.
    [exit(VMRUN, OF_L2), kernel, entry(FOR_L1), kernel],
    [exit(VMRUN, FOR_L3), kernel, entry(FOR_L1_S_GUESTS), program],
  ].flat();
  expect(story(follow(records, 3))).toEqual([
    'L3 3',
    'L3 > L0: VMMCALL',
    'L0 10 (VMMCALL of L3)',
    'L0 > L1: handle VMMCALL of L3',
    'L1 10 (VMMCALL of L3)',
    'L1 > L0: VMRUN',
    'L0 10 (VMRUN of L1)',
    'L0 > L2: handle VMMCALL of L3',
    'L2 10 (VMMCALL of L3)',
    'L2 > L0: VMRUN',
    'L0 10 (VMRUN of L2)',
    'L0 > L1: handle VMRUN of L2',
    'L1 10 (VMRUN of L2)',
    'L1 > L0: VMRUN',
    'L0 10 (VMRUN of L1)',
    'L0 > L3: VMRUN of L1',
    'L3 3',
  ]);
});

test('the second vCPU of a program at L1 has a VMCB of its own', () => {
  const second = block(0x10_0040, 0x30_0000, 2);
  const records = [
    program,
    exit(0x7c, 0x830, 1),
    kernel,
    entry(0x6000),
    second,
    exit(0x78),
    kernel,
    entry(FOR_L1),
    program,
  ];
  expect(new Set(follow(records, 1).flatMap((step) => (step.kind === 'spent' ? [step.level] : [])))).toEqual(
    new Set([0, 1]),
  );
});

const records = fc.array(
  fc.oneof(
    fc
      .record({
        pc: fc.constantFrom(0x10_0000, KERNEL, KERNEL + 0x100, KERNEL + 0x120, 0x7f00_0000_0000),
        sp: fc.nat(4096),
        n: fc.nat(100),
      })
      .map(({ pc, sp, n }) => block(pc, SP - 8 * sp, n)),
    fc.constantFrom(FOR_L1, FOR_L1_S_GUESTS).map(entry),
    fc.constantFrom(exit(VMMCALL), exit(VMRUN, FOR_L2), exit(VMRUN, FOR_L3)),
  ),
);

test('every instruction is counted once, whatever happens', () => {
  fc.assert(
    fc.property(records, fc.constantFrom(1 as const, 2 as const, 3 as const), (all, level) => {
      const sum = all.reduce((total, { kind, n }) => total + (kind === program.kind ? n : 0), 0);
      const fold = new Fold();
      fold.add(follow(all, level), 1);
      expect(fold.paths(1).reduce((total, { instructions }) => total + instructions, 0)).toBe(sum);
      const changes = all.filter(({ kind }) => kind !== program.kind).length;
      expect(fold.crossings(1).reduce((total, { count }) => total + count, 0)).toBe(changes);
    }),
  );
});

test('what is added and taken away again is left out', () => {
  const fold = new Fold();
  for (let time = 0; time < 3; time++) fold.add(follow([program, kernel], 1), 1);
  for (let time = 0; time < 3; time++) fold.add(follow([kernel], 1), -1);
  expect(fold.paths(3)).toEqual([{ level: 1, cause: '', functions: [PROGRAM], instructions: 3 }]);
  expect(fold.crossings(3)).toEqual([]);
});
