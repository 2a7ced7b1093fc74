import { expect, test } from 'vitest';
import { asksForBreakdown, mixedSuitesFault } from './breakdown-words.ts';

test.each([
  ['suites/breakdown'],
  ['./suites/breakdown/'],
  ['suites/breakdown/steps.test.ts'],
  ['--project', 'l2-step-timer'],
  ['--project=l3-step-idle'],
  ['--project', '*-step-ipi'],
  ['--project=*step*'],
  ['--project', 'l2-step*'],
])('%j asks for the breakdown', (...words) => {
  expect(asksForBreakdown(['run', ...words])).toBe(true);
  expect(mixedSuitesFault(['run', ...words])).toBeUndefined();
});

test.each([
  [],
  ['suites'],
  ['suites/l2', '-t', 'netperf-rr'],
  ['--project', 'l2-*'],
  ['/home/breakdown/suites/l2'],
  ['fixtures/configurations/breakdown-steps.ts'],
])('%j does not', (...words) => {
  expect(asksForBreakdown(['run', ...words])).toBe(false);
  expect(mixedSuitesFault(['run', ...words])).toBeUndefined();
});

test.each([
  [['suites/l2', 'suites/breakdown'], 'suites/l2'],
  [['suites/breakdown', './suites/l3/'], './suites/l3/'],
  [['suites', 'suites/breakdown'], 'suites'],
  [['suites/micro', '--project', '*-step-ipi'], 'suites/micro'],
  [['--project', 'l2-step-ipi', '--project=l2-baseline'], '--project=l2-baseline'],
])('%j is rejected, because the other suite would be left out', (words, other) => {
  expect(mixedSuitesFault(['run', ...words])).toMatch(
    `suites/breakdown can't be run together with ${other}: its cells are others. Run one after the other`,
  );
});

test('cells that the breakdown has too can be named with it', () => {
  const words = ['suites/breakdown', '--project', 'l2-dvh', '--project', 'l0-baseline'];
  expect(mixedSuitesFault(words)).toBeUndefined();
});
