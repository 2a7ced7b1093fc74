import { expect, test } from 'vitest';
import type { BootRecord } from '../../fixtures/records.ts';
import { heading } from './heading.ts';
import { summaryOf } from './summary.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { describeDirectHardware } from './direct-hardware.ts';

const DVH: BootRecord['mechanisms'] = ['timer', 'ipi', 'idle'];

test('cells with the same mechanisms are named together, and those without are not', () => {
  using journal = new TestJournal()
    .start()
    .boot('l2-baseline')
    .boot('l2-dvh', { mechanisms: DVH })
    .boot('l2-vp-idle', { mechanisms: ['idle'] })
    .boot('l3-dvh', { mechanisms: DVH });
  const { results } = journal;
  const words = 'timer, IPIs, virtual idle in l2-dvh, l3-dvh; virtual idle in l2-vp-idle';
  expect(describeDirectHardware(results)).toBe(words);
  expect(heading(results)).toContainEqual(['direct hardware', words]);
  expect(summaryOf(results).facts).toContain(`direct virtual hardware: ${words}`);
});

test('a cell whose boots differ has both', () => {
  using journal = new TestJournal()
    .start()
    .boot('l2-dvh')
    .boot('l2-dvh', { mechanisms: ['timer'] });
  expect(describeDirectHardware(journal.results)).toBe('none or timer in l2-dvh');
});

test('without any, nothing is said', () => {
  using journal = new TestJournal().start().boot('l2-baseline');
  expect(describeDirectHardware(journal.results)).toBe('');
  expect(heading(journal.results).map(([word]) => word)).not.toContain('direct hardware');
});
