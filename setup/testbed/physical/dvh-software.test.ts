import { expect, test } from 'vitest';
import { findCell } from '../../../fixtures/matrix.ts';
import { sourceKey } from '../../../fixtures/physical-software.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { assertDvhQemus } from './dvh-software.ts';

const qemu = { url: '/src/qemu', ref: 'mine' };
const kernel = { url: '/src/linux', ref: 'mine' };

function check(name: string, postedInterrupts: boolean, levels: readonly ('l0' | 'l1' | 'l2')[]) {
  const software: TestbedDescription['software'] = Object.fromEntries(
    levels.map((level) => [level, { kernel, qemu }]),
  );
  const cell = findCell(name);
  if (cell === undefined) throw new RangeError(name);
  const dvh = { postedInterrupts, option: false };
  const qemus = { [sourceKey(qemu)]: { file: '/cache/qemu', version: '3.1.0', hash: 'q', dvh } };
  return () => assertDvhQemus({ software }, [cell], qemus);
}

test('a QEMU that can post no interrupts is rejected where the tables name one with DVH', () => {
  expect(check('l2-dvh', true, ['l0', 'l1'])).not.toThrow();
  expect(check('l2-dvh', false, ['l0', 'l1'])).toThrow(
    'l2-dvh needs a QEMU with the DVH mechanisms on l0, and mine of /src/qemu is none: its intel-iommu has no property intpost.',
  );
});

test('the level whose guest is under test, and other configurations, need none', () => {
  expect(check('l2-dvh', false, ['l1'])).not.toThrow();
  expect(check('l3-dvh', false, ['l2'])).not.toThrow();
  expect(check('l2-dvh-vp', false, ['l0', 'l1'])).not.toThrow();
});
