import { expect, test } from 'vitest';
import { cancel, cancellation, stopSentence } from './cancellation.ts';

test('a run continues until it is cancelled, and the first reason is kept', () => {
  expect(cancellation().aborted).toBe(false);
  cancel('keyboard-input');
  cancel('test-failure');
  expect(cancellation().aborted).toBe(true);
  expect(cancellation().reason).toMatchObject({
    name: 'AbortedError',
    code: 'NESTBENCH_ABORTED',
    kind: 'infrastructure',
    message: 'The run was stopped (keyboard-input). What was measured until then is in the journal.',
  });
});

test('an error that stops the run is told in its own words', () => {
  expect(stopSentence('The lock was lost. This run ends.')).toBe('The lock was lost. This run ends.');
});
