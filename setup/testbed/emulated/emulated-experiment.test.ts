import { expect, test } from 'vitest';
import { findCell } from '../../../fixtures/matrix.ts';
import { sizingFor } from '../../../fixtures/sizing.ts';
import { clocksOf, type EmulatedExperiment, whyNotEmulated } from './emulated-experiment.ts';

test.each([
  [undefined, 'tcg', { application: 'real', micro: 'virtual' }],
  [undefined, 'kvm', { application: 'real', micro: 'real' }],
  ['virtual', 'tcg', { application: 'virtual', micro: 'virtual' }],
  ['real', 'tcg', { application: 'real', micro: 'real' }],
] as const)('CLOCK=%s under %s', (clock, accelerator, clocks) => {
  expect(clocksOf(clock, accelerator)).toEqual(clocks);
});

test.each([
  [undefined, 'tcg', 'application'],
  [undefined, 'tcg', 'micro'],
  [undefined, 'kvm', 'micro'],
] as const)('CLOCK=%s under %s suits a stack of the kind %s', (clock, accelerator, kind) => {
  const on = { experiment: experiment(clock, accelerator), kind };
  expect(whyNotEmulated(cell('l2-baseline'), on)).toBeUndefined();
});

test.each([
  ['virtual', 'tcg', 'application', 'measured in real time: CLOCK=real'],
  ['real', 'tcg', 'micro', 'CLOCK=virtual counts instructions'],
] as const)('CLOCK=%s under %s does not suit a stack of the kind %s', (clock, accelerator, kind, words) => {
  const on = { experiment: experiment(clock, accelerator), kind };
  expect(whyNotEmulated(cell('l2-baseline'), on)).toContain(words);
});

test('a configuration that needs other hardware is refused before anything is prepared, and after', () => {
  const reason = whyNotEmulated(cell('l2-dvh'));
  expect(reason).toContain('dvh needs a KVM with the DVH mechanisms');
  const on = { experiment: experiment(undefined, 'tcg'), kind: 'application' } as const;
  expect(whyNotEmulated(cell('l2-dvh'), on)).toBe(reason);
});

function cell(name: string) {
  const found = findCell(name);
  if (found === undefined) throw new Error(`no cell ${name}`);
  return found;
}

function experiment(clock: 'real' | 'virtual' | undefined, accelerator: 'tcg' | 'kvm'): EmulatedExperiment {
  const sizing = sizingFor({ cpus: 2, memoryBytes: 8e9 });
  return { kind: 'emulated', clocks: clocksOf(clock, accelerator), accelerator, sizing, snapshotBytes: 0 };
}
