import { expect, test } from 'vitest';
import { CallStacks, PROGRAM, USER_MODE } from './call-stacks.ts';
import { KERNEL } from './paths.testing.ts';
import { Symbols } from './symbols.ts';

const [OUTER, INNER, OTHER] = [KERNEL, KERNEL + 0x100, KERNEL + 0x200];
const SYMBOLS = new Symbols([
  { name: 'outer', start: OUTER },
  { name: 'inner', start: INNER },
  { name: 'other', start: OTHER },
]);
/** A stack pointer in the middle of a kernel stack. */
const SP = -(2 ** 46) + 8192;

test('a call and its return', () => {
  const stacks = new CallStacks(SYMBOLS);
  expect(stacks.at(OUTER, SP)).toEqual(['outer']);
  expect(stacks.at(INNER, SP - 40)).toEqual(['outer', 'inner']);
  // With registers pushed.
  expect(stacks.at(INNER + 8, SP - 80)).toEqual(['outer', 'inner']);
  expect(stacks.at(OUTER + 16, SP - 32)).toEqual(['outer']);
  expect(stacks.at(INNER, SP - 40)).toEqual(['outer', 'inner']);
});

test('a loop to the first instruction is no call, recursion is one', () => {
  const stacks = new CallStacks(SYMBOLS);
  stacks.at(OUTER, SP);
  expect(stacks.at(OUTER, SP)).toEqual(['outer']);
  expect(stacks.at(OUTER, SP - 8)).toEqual(['outer', 'outer']);
});

test('a jump at the end of a function takes its place', () => {
  const stacks = new CallStacks(SYMBOLS);
  stacks.at(OUTER, SP);
  stacks.at(INNER, SP - 40);
  expect(stacks.at(OTHER, SP - 40)).toEqual(['outer', 'other']);
});

test('a function that was called before becomes known when it is returned to', () => {
  const stacks = new CallStacks(SYMBOLS);
  expect(stacks.at(INNER + 8, SP - 80)).toEqual(['inner']);
  expect(stacks.at(OUTER + 16, SP - 32)).toEqual(['outer']);
  expect(stacks.at(INNER, SP - 40)).toEqual(['outer', 'inner']);
});

test('each kernel stack has its own calls', () => {
  const stacks = new CallStacks(SYMBOLS);
  stacks.at(OUTER, SP);
  expect(stacks.at(INNER, SP - 65_536)).toEqual(['inner']);
  expect(stacks.at(OTHER, SP - 40)).toEqual(['outer', 'other']);
});

test('what is not the kernel is the guest program, or user mode', () => {
  const stacks = new CallStacks(SYMBOLS);
  expect(stacks.at(0x10_0000, 0x20_0000)).toEqual([PROGRAM]);
  expect(stacks.at(0x7f00_0000_0000, 0x7ffc_0000_0000)).toEqual([USER_MODE]);
});
