import { expect, test } from 'vitest';
import { DVH_OFF } from '../../fixtures/configurations/configuration.ts';
import { dvh } from '../../fixtures/configurations/dvh.ts';
import { parseKnobs } from './dvh-knobs.ts';

const wanted = dvh.artifact.serverKnobs;

test('knobs that read back as written are right, in the format of debugfs', () => {
  const said = 'virtual_ipi=Y\nvirtual_timer=Y\nvirtual_idle=N\nfs_base=Y\n';
  expect(parseKnobs(wanted, said)).toEqual({ ok: true, found: wanted });
});

test('a kernel without one that should be on is reported, with which', () => {
  expect(parseKnobs(wanted, 'virtual_ipi=Y\n')).toEqual({
    ok: false,
    fault: 'which has no virtual_timer, fs_base in /sys/kernel/debug/dvh',
  });
  const withoutIdle = 'virtual_ipi=Y\nvirtual_timer=Y\nfs_base=Y\n';
  expect(parseKnobs(wanted, withoutIdle)).toMatchObject({ ok: true });
  expect(parseKnobs(wanted, '')).toMatchObject({ ok: false });
});

test('if none should be on, a kernel without them counts as one that has them off', () => {
  expect(parseKnobs(DVH_OFF, '')).toEqual({ ok: true, found: undefined });
  expect(parseKnobs(DVH_OFF, 'virtual_ipi=N\n')).toEqual({ ok: true, found: { virtual_ipi: 'n' } });
});

test.each([
  [
    wanted,
    'virtual_ipi=Y\nvirtual_timer=N\nvirtual_idle=Y\nfs_base=\n',
    'virtual_timer=y (it has N), virtual_idle=n (it has Y)',
  ],
  [DVH_OFF, 'virtual_ipi=Y\n', 'virtual_ipi=n (it has Y)'],
] as const)('one that does not keep the value is reported, with its value', (knobs, said, named) => {
  expect(parseKnobs(knobs, said)).toEqual({ ok: false, fault: `which does not take ${named}` });
});

test('one that reads back nothing is recorded as that, and is no fault', () => {
  expect(parseKnobs(wanted, 'virtual_ipi=Y\nvirtual_timer=\nvirtual_idle=N\nfs_base=Y\n')).toEqual({
    ok: true,
    found: { ...wanted, virtual_timer: 'unreadable' },
  });
});
