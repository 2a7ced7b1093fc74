import { expect, test } from 'vitest';
import { findCell } from '../../fixtures/matrix.ts';
import { resolveSettings } from '../../setup/run/settings.ts';
import { checkCell, checkSettings } from './check-explain.ts';

const settingsOf = (environment: NodeJS.ProcessEnv) => resolveSettings(environment, new Date(0));

test('the default settings are fine', () => {
  expect(() => checkSettings(settingsOf({}))).not.toThrow();
});

test.each([
  [{ CLOCK: 'real' }, 'CLOCK is real'],
  [{ ACCELERATOR: 'kvm' }, 'ACCELERATOR is kvm'],
])('%j counts no instructions', (environment, why) => {
  expect(() => checkSettings(settingsOf(environment))).toThrow(`but ${why}.`);
});

test('a kernel without direct virtual hardware has no dvh cells', () => {
  const [baseline, dvh] = [findCell('l2-baseline'), findCell('l2-dvh')];
  if (baseline === undefined || dvh === undefined) throw new Error('there are no such cells');
  const { variant } = settingsOf({ VARIANT: 'linux-6.1' });
  expect(() => checkCell(baseline, variant)).not.toThrow();
  expect(() => checkCell(dvh, variant)).toThrow('l2-dvh: it needs direct virtual hardware');
});
