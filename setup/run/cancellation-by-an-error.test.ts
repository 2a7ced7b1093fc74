import { expect, test } from 'vitest';
import { cancel, cancellation } from './cancellation.ts';

test('an error that stops the run is told in its own words', () => {
  cancel('The lock was lost. What was measured is in the journal.');
  expect(cancellation().reason).toMatchObject({
    code: 'NESTBENCH_ABORTED',
    message: 'The lock was lost. What was measured is in the journal.',
  });
});
