import { expect, test } from 'vitest';
import { idleFault, idlingOf } from './assign.ts';

test.each([
  ['a guest whose HLT is trapped', 'trapped', '149\n'],
  ['a guest whose HLT passes', 'passed', '0\n'],
  ['a guest whose HLT passes while it is alone', 'passed if alone', '0\n'],
  ['a guest whose HLT passes while it is alone, and was not always', 'passed if alone', '149\n'],
] as const)('%s is as planned', (_what, idling, text) => {
  expect(idleFault('l2', idling, text)).toBeUndefined();
});

test.each([
  ['passed', '149\n', 'HLT of l2 should pass to L0, but its KVM trapped it 149 times', 'with BOOT=cold'],
  ['trapped', '0\n', 'HLT of l2 should be trapped, but its KVM trapped none', 'with BOOT=cold'],
  ['passed', '', 'has no number', 'that debugfs is mounted'],
  ['passed if alone', 'cat: no such file', 'has no number', 'that debugfs is mounted'],
] as const)('a HLT that should be %s and a count of %j is a fault', (idling, text, words, next) => {
  const fault = idleFault('l2', idling, text);
  expect(fault).toContain(words);
  // What to do next.
  expect(fault).toContain(next);
});

test.each([
  [{}, false, 'trapped'],
  [{ dvhMask: 7 }, false, 'trapped'],
  [{}, true, 'passed'],
  [{ dvhMask: 0 }, true, 'passed'],
  // Also by a variant, in a cell that is planned without.
  [{ dvhMask: 7 }, true, 'passed if alone'],
] as const)('below a level with %j, virtual idle %s: HLT is %s', (facts, virtualIdle, idling) => {
  expect(idlingOf(facts, { virtualIdle })).toBe(idling);
});
