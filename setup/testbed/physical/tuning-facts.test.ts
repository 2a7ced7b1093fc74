import { expect, test } from 'vitest';
import { hostMachine } from '../../machine/host.ts';
import { readTuning, tuningOf } from './tuning-facts.ts';

test.each([
  [
    'tuned, with intel_pstate',
    { governors: 'performance ', noTurbo: '1', boost: '', irqbalance: '' },
    { governors: ['performance'], turbo: 'off', irqbalance: 'stopped' },
  ],
  [
    'as installed, with acpi-cpufreq',
    { governors: 'ondemand schedutil ', noTurbo: '', boost: '1', irqbalance: '812 ' },
    { governors: ['ondemand', 'schedutil'], turbo: 'on', irqbalance: 'running' },
  ],
  ['boost switched off', { governors: '', noTurbo: '', boost: '0' }, { turbo: 'off' }],
  ['nothing is known of a virtual machine without pgrep', { governors: '', noTurbo: '', boost: '' }, {}],
])('%s', (_what, facts, tuning) => {
  expect(tuningOf(facts)).toEqual(tuning);
});

test('it is read from a real machine, whatever that tells', async () => {
  const tuning = await readTuning(hostMachine(), new AbortController().signal);
  for (const governor of tuning.governors ?? []) expect(governor).toMatch(/^\w+$/);
  expect([undefined, 'on', 'off']).toContain(tuning.turbo);
});
