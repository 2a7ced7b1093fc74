import { expect, test } from 'vitest';
import { bisection, measured, sha } from './bisection.testing.ts';
import { changesBetween, explained, inPercent, isMergesOwn, repeatCommand } from './kernel-changes.ts';

const whole = bisection();
const [found] = whole.found ?? [];
if (found === undefined) throw new Error('nothing found');

test('the costs of both sides are compared in each cell that has both', () => {
  const rows = changesBetween(whole.steps, sha(9), sha(10));
  expect(rows.map(({ cell, before, after }) => [cell, before, after])).toEqual([
    ['l1-baseline', 2283, 2283],
    ['l2-baseline', 14_160, 14_950],
    ['l3-baseline', 49_964, 53_100],
  ]);
  expect(rows[1]?.change).toBeCloseTo(0.0558, 4);
  expect(changesBetween(whole.steps, sha(0), sha(10)).map(({ cell }) => cell)).toEqual(['l2-baseline']);
});

test('the found changes explain a part of the whole change', () => {
  expect(explained(whole)).toEqual([{ benchmark: 'hypercall', before: 14_155, whole: 785, part: 790 }]);
  expect(explained(bisection({ found: [] }))).toMatchObject([{ whole: 785, part: 0 }]);
});

test('a merge whose first parent costs the same brings the change from elsewhere', () => {
  expect(isMergesOwn(found, whole)).toBe(false);
  const steps = [...whole.steps, measured(11, 'l2-baseline', { hypercall: 14_951 })];
  expect(isMergesOwn({ ...found, before: sha(11) }, { ...whole, steps })).toBe(true);
});

test('the command measures both sides again', () => {
  expect(repeatCommand(found, whole)).toBe(
    `npm run bisect -- --repository /home/me/linux --good ${sha(9).slice(0, 12)} --bad ${sha(10).slice(0, 12)} --cell l2-baseline --benchmark hypercall --threshold 1%`,
  );
});

test.each([
  [0.0279, '+2.8 %'],
  [-0.0041, '-0.41 %'],
  [0, '0.00 %'],
])('%d is %s', (change, text) => {
  expect(inPercent(change)).toBe(text);
});
