import { expect, test } from 'vitest';
import type { Crossing, Spent } from './follow-block.ts';
import { operationsOf, typicalOperation } from './sequence.ts';

const spent = (level: 0 | 1, instructions: number, name = 'svm_vcpu_run'): Spent => ({
  kind: 'spent',
  level,
  cause: level === 0 ? 'VMMCALL of L1' : '',
  functions: [name],
  instructions,
});
const exits = (reason: string): Crossing => ({ kind: 'crossing', from: 1, to: 0, reason });
const enters: Crossing = { kind: 'crossing', from: 0, to: 1, reason: 'continue' };

/** Two operations, the second with an interrupt. */
const BLOCK = [
  [spent(1, 10), exits('VMMCALL'), spent(0, 60, 'vcpu_run'), spent(0, 40), enters],
  [spent(1, 4), exits('VMMCALL'), spent(0, 100), enters],
  [spent(1, 2), exits('physical interrupt'), spent(0, 50), enters, spent(1, 3)],
].flat();

test('an operation begins with the exit that all have', () => {
  const operations = operationsOf(BLOCK, 1);
  expect(operations.map((turns) => turns.map(({ instructions }) => instructions))).toEqual([
    [10, 100],
    [4, 100, 2, 50],
  ]);
  expect(operations[0]?.[1]).toEqual({
    level: 0,
    cause: 'VMMCALL of L1',
    instructions: 100,
    functions: [
      { name: 'vcpu_run', instructions: 60 },
      { name: 'svm_vcpu_run', instructions: 40 },
    ],
    next: { level: 1, reason: 'continue' },
  });
});

test('of two exits that all have, it is the first', () => {
  const twice = [
    spent(1, 1),
    exits('write of x2APIC ICR'),
    enters,
    spent(1, 2),
    exits('write of x2APIC EOI'),
    enters,
  ];
  expect(operationsOf([...twice, ...twice], 1)).toHaveLength(2);
});

test('the typical one is nearest to the cost', () => {
  const [one = [], other = []] = operationsOf(BLOCK, 1);
  expect(typicalOperation([other, one], 108)).toBe(one);
  expect(typicalOperation([], 108)).toEqual([]);
});
