/**
 * `test` for end-to-end tests that boot: the file holds the host's testbed, so that it does not disturb other
 * measurements.
 */
import { isHeldAbove } from '../../setup/lib/lock.ts';
import { lockFile, takeTestbed } from '../../setup/testbed/runtime.ts';
import { test as base } from './test.testing.ts';

const WAIT_MINUTES = 30;

export const test = base
  // oxlint-disable-next-line no-empty-pattern
  .extend('testbed', { scope: 'file' }, async ({}, { onCleanup }): Promise<{ heldBySelf: boolean }> => {
    if (isHeldAbove(lockFile())) return { heldBySelf: false };
    const lock = await takeTestbed({
      waitMinutes: WAIT_MINUTES,
      signal: new AbortController().signal,
      onWait: (holders) => console.log(`The testbed is held by ${holders}; waiting for it.`),
    });
    onCleanup(() => lock[Symbol.asyncDispose]());
    return { heldBySelf: true };
  });

test.beforeEach(({ testbed, skip }) => {
  skip(!testbed.heldBySelf, 'the run that these tests belong to holds the testbed itself');
});
