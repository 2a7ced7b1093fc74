import { expect, test } from 'vitest';
import { dvh } from '../../fixtures/configurations/dvh.ts';
import { knobsFault } from './dvh-knobs.ts';

const wanted = dvh.dvh.serverKnobs;

test('knobs that took what was written are right, as debugfs shows them', () => {
  expect(knobsFault(wanted, 'virtual_ipi=Y\nvirtual_timer=Y\nvirtual_idle=N\nfs_base=Y\n')).toBeUndefined();
});

test('a kernel without some of them is told, with which', () => {
  const said = 'virtual_ipi=Y\nvirtual_timer=Y\n';
  expect(knobsFault(wanted, said)).toBe('which has no virtual_idle, fs_base in /sys/kernel/debug/dvh');
  expect(knobsFault(wanted, '')).toContain('has no virtual_ipi, virtual_timer, virtual_idle, fs_base');
});

test('one that does not take what is written is told, with what it has', () => {
  const said = 'virtual_ipi=Y\nvirtual_timer=N\nvirtual_idle=N\nfs_base=\n';
  expect(knobsFault(wanted, said)).toBe(
    'which does not take virtual_timer=y (it has N), fs_base=y (it has )',
  );
});
