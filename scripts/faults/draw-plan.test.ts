import { expect, test } from 'vitest';
import { drawPlan, kindsOn } from './draw-plan.ts';
import { FAULT_KINDS } from './kinds.ts';

const numbers = Array.from({ length: 2000 }, (_, index) => index + 1);

test('a seed draws the same faults each time, and another seed draws others', () => {
  const plan = drawPlan(7, numbers, FAULT_KINDS);
  expect(drawPlan(7, numbers, FAULT_KINDS)).toEqual(plan);
  expect(drawPlan(8, numbers, FAULT_KINDS)).not.toEqual(plan);
});

test('a fault does not depend on how many others are drawn', () => {
  expect(drawPlan(7, [812], FAULT_KINDS)).toEqual([drawPlan(7, numbers, FAULT_KINDS)[811]]);
});

test.for(kindsOn('emulated', FAULT_KINDS).map((kind) => [kind.name, kind] as const))(
  'two thousand faults have every target and phase of %s',
  ([, kind]) => {
    const drawn = drawPlan(7, numbers, FAULT_KINDS).filter((fault) => fault.kind === kind);
    expect(new Set(drawn.map(({ target }) => target))).toEqual(new Set(kind.targets.map(({ name }) => name)));
    expect(new Set(drawn.map(({ phase }) => phase))).toEqual(new Set(kind.phases));
  },
);

test('two machines of one’s own have faults of their own, in no cell above L1, and none of a restore', () => {
  const plan = drawPlan(7, numbers, FAULT_KINDS, { testbed: 'physical' });
  const drawn = new Set(plan.map(({ kind }) => kind));
  expect(drawn).toEqual(new Set(kindsOn('physical', FAULT_KINDS)));
  expect([...drawn].map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'power-cut',
      'old-kernel',
      'nic-renamed',
      'boot-full',
      'key-removed',
      'kill-run',
    ]),
  );
  expect(new Set(plan.map(({ cell }) => cell))).toEqual(new Set(['l0-baseline', 'l1-baseline']));
  expect(plan.filter(({ phase }) => phase === 'restore')).toEqual([]);
  expect(plan.filter(({ kind, target }) => kind.name === 'cut-ssh' && target === 'l1')).toEqual([]);
});

test('a fault of a level strikes only in a cell that has it', () => {
  for (const { kind, target, cell } of drawPlan(7, numbers, FAULT_KINDS)) {
    const level = kind.targets.find(({ name }) => name === target)?.level;
    expect(Number(cell[1])).toBeGreaterThanOrEqual(level ?? Infinity);
  }
});

test('faults can be limited to a cell, which has no target of a higher level, and to each kind in turn', () => {
  const plan = drawPlan(7, numbers, FAULT_KINDS, { cell: 'l0-baseline', inTurn: true });
  expect(new Set(plan.map(({ cell }) => cell))).toEqual(new Set(['l0-baseline']));
  expect(plan.filter(({ target }) => target === 'l1' || target === 'l2')).toEqual([]);
  expect(plan[0]?.kind).toBe(FAULT_KINDS[0]);
  expect(plan[1]?.kind).toBe(FAULT_KINDS[1]);
});
