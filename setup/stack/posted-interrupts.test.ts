import { expect, test } from 'vitest';
import { postsInterrupts } from './posted-interrupts.ts';

test.each([
  // QEMU's vIOMMU of 39 bits ("dmar0: ... cap d2008c22260286"), and the same with the bit.
  ['d2008c22260286\n', false],
  ['8d2008c22260286\n', true],
  ['800000000000000', true],
  ['f7ffffffffffffff', false],
  ['', false],
  ['none\n', false],
])('capabilities %j: posted interrupts %s', (text, posts) => {
  expect(postsInterrupts(text)).toBe(posts);
});
