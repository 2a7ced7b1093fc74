import { expect, test } from 'vitest';
import { drawPlan } from './draw-plan.ts';
import type { FaultResult } from './fault-result.ts';
import { failureText, planTable, reportTable } from './faults-table.ts';
import { GUEST_KINDS } from './guest-kinds.ts';

const result: FaultResult = {
  number: 1,
  kind: 'panic',
  target: 'l1',
  cell: 'l1-baseline',
  outcome: 'went on',
  wrong: [],
  seconds: 20,
};

test('the plan has a line for each fault, with what breaks and when', () => {
  expect(planTable(drawPlan(7, [1, 2, 3], GUEST_KINDS))).toMatchInlineSnapshot(`
    "#  kind            target  cell         moment              what it does
    1  oom-guest-qemu  l2      l2-baseline  memcached +1247 ms  uses up a level's memory until its OOM killer ends the QEMU of the guest
    2  panic           l2      l2-baseline  hackbench +75 ms    makes a machine's kernel panic
    3  oom-guest-qemu  l2      l2-baseline  memcached +696 ms   uses up a level's memory until its OOM killer ends the QEMU of the guest"
  `);
});

test('the report counts faults by kind and outcome', () => {
  const results: FaultResult[] = [
    result,
    { ...result, number: 2, outcome: 'failed', wrong: ['Left: the runtime directory'] },
    { ...result, number: 3, kind: 'kill-run', outcome: 'ended' },
  ];
  expect(reportTable(results)).toMatchInlineSnapshot(`
    "kind      faults  went on  ended  unnoticed  missed  failed
    kill-run       1        0      1          0       0       0
    panic          2        1      0          0       0       1
    all            3        1      1          0       0       1"
  `);
});

test('a failure comes with the command that repeats it', () => {
  const failed: FaultResult = { ...result, number: 12, outcome: 'failed', wrong: ['It ended with 0.'] };
  expect(
    failureText(failed, { seed: 7, kindNames: ['panic'], cell: undefined, inTurn: false, file: undefined }),
  ).toMatchInlineSnapshot(`
    "12: panic l1 in l1-baseline
      It ended with 0.
      npm run faults -- --seed 7 --kind panic --only 12"
  `);
  const onTwoMachines = { seed: 7, kindNames: [], cell: undefined, inTurn: false, file: 'my lab.yaml' };
  expect(failureText(failed, onTwoMachines).split('\n').at(-1)).toBe(
    '  npm run faults -- --seed 7 --testbed "my lab.yaml" --break-these-machines --only 12',
  );
});
