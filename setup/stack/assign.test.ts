import { expect, test } from 'vitest';
import { idleFault } from './assign.ts';

test.each([
  ['a guest whose HLT is trapped', false, '149\n'],
  ['a guest whose HLT passes', true, '0\n'],
])('%s is as planned', (_what, virtualIdle, text) => {
  expect(idleFault('l2', virtualIdle, text)).toBeUndefined();
});

test.each([
  [true, '149\n', 'HLT of l2 should pass to L0, but its KVM trapped it 149 times'],
  [false, '0\n', 'HLT of l2 should be trapped, but its KVM trapped none'],
  [true, '', 'has no number'],
  [true, 'cat: no such file', 'has no number'],
])('virtual idle %s and a count of %j is a fault', (virtualIdle, text, words) => {
  expect(idleFault('l2', virtualIdle, text)).toContain(words);
});
