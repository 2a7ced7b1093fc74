import { expect, test } from 'vitest';
import type { KernelParameter } from './kernel-command-line.ts';
import { maskFault } from './dvh-mask.ts';

function plan(dvhMask: number, ...kernelParameters: KernelParameter[]) {
  return { name: 'l1', dvhMask, kernelParameters } as const;
}

const byVariant = (text: string): KernelParameter => ({ text, from: 'variant' });

test.each([
  ['as planned', plan(3), '3'],
  ['off, as planned', plan(0), '0'],
  ['absent where none is needed', plan(0), ''],
  ['turned on by a variant where none is planned', plan(0, byVariant('kvm_amd.dvh=3')), '3'],
  ['planned, and the same by the variant', plan(3, byVariant('kvm_amd.dvh=3')), '3'],
])('a mask %s is no fault', (_what, planned, said) => {
  expect(maskFault(planned, said)).toBeUndefined();
});

test.each([
  [
    'a kernel without it',
    plan(3),
    '',
    'The cell needs direct virtual hardware at l1, whose KVM has none: there is no /sys/module/kvm_amd/parameters/dvh',
  ],
  [
    'a kernel with an earlier series',
    plan(3),
    '1',
    'l1 has kvm_amd.dvh=1 (timer), and the cell needs 3 (timer, ipi). Its kernel lacks the rest',
  ],
  [
    'a kernel that turns it on by itself',
    plan(0),
    '3',
    'l1 has kvm_amd.dvh=3 (timer, ipi), and the cell needs 0 (off).',
  ],
  [
    'a variant that turns it off',
    plan(3, byVariant('kvm_amd.dvh=0')),
    '0',
    'and the cell needs 3 (timer, ipi). Take kvm_amd.dvh=0 out of the variant.',
  ],
])('%s is one, with what to do', (_what, planned, said, words) => {
  expect(maskFault(planned, said)).toContain(words);
});
