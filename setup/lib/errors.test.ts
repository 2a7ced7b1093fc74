import assert from 'node:assert/strict';
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  AbortedError,
  AnnotatedError,
  BootError,
  InputError,
  NestbenchError,
  sentenceOf,
  toNestbenchError,
  withoutStack,
} from './errors.ts';

/** What `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('an error has its name, code, kind and facts as fields', () => {
  const cause = new Error('no such disk');
  const error = new BootError({ message: 'L1 did not start.', machine: 'l1', seconds: 3, cause });
  expect(error).toBeInstanceOf(NestbenchError);
  expect(error).toMatchObject({
    name: 'BootError',
    code: 'NESTBENCH_BOOT_FAILED',
    kind: 'infrastructure',
    message: 'L1 did not start.',
    machine: 'l1',
    seconds: 3,
    cause,
  });
  expect(error.output).toBeUndefined();
});

test('an annotated error stays the same failure', () => {
  const original = new AbortedError({ message: 'Stopped.', machine: 'l2', seconds: 1 });
  expect(new AnnotatedError(original, { message: 'Stopped. More.', output: 'the console' })).toMatchObject({
    name: 'AbortedError',
    code: 'NESTBENCH_ABORTED',
    kind: 'infrastructure',
    message: 'Stopped. More.',
    machine: 'l2',
    seconds: 1,
    output: 'the console',
  });
});

test('wrong input is repeated without control characters', () => {
  expect(new InputError('NESTBENCH_UNKNOWN_CELL', 'No cell \u001b[31mred.').message).not.toContain('\u001b');
});

test.each([
  ['a plain Error', () => assert.fail(new Error('Not connected')), 'Not connected'],
  ['an Error without a message', () => assert.fail(new Error()), 'Error'],
  [
    'an error of the system',
    () => readFileSync('/proc/nope'),
    "The system refused: ENOENT: no such file or directory, open '/proc/nope'.",
  ],
  [
    'data of another shape',
    () => z.object({ rate: z.number() }).parse({ rate: 'fast' }),
    'Data is not as expected: ✖ Invalid input: expected number, received string\n  → at rate',
  ],
])('%s is infrastructure, with one sentence and no stack', (_, work, sentence) => {
  const error = toNestbenchError(thrownBy(work));
  expect(error).toMatchObject({ code: 'NESTBENCH_UNEXPECTED', kind: 'infrastructure', message: sentence });
  expect(sentenceOf(error.cause)).toBe(sentence);
  expect(withoutStack(error).stack).toBe(`UnexpectedError: ${sentence}`);
});

test.each([
  ['of the system', toNestbenchError(thrownBy(() => readFileSync('/proc/nope')))],
  ['in a sentence of its own', new BootError({ message: 'L1 did not start.', cause: new Error('inner') })],
])('a failure %s is printed without its cause', (_, error) => {
  expect(error.cause).toBeInstanceOf(Error);
  expect(withoutStack(error)).not.toHaveProperty('cause');
});

test('what a library throws keeps its cause, which says where it came from', () => {
  const cause = new Error('Not connected');
  expect(withoutStack(toNestbenchError(cause)).cause).toBe(cause);
});

test('a full disk says to make room', () => {
  const thrown = thrownBy(() => writeFileSync('/dev/full', 'x'));
  expect(toNestbenchError(thrown)).toMatchObject({
    code: 'NESTBENCH_NO_SPACE',
    kind: 'infrastructure',
    message: 'The disk is full. Make room, then start again (ENOSPC, write).',
  });
});

test('a file that may not be used says what to change', () => {
  // EPERM for root, and EACCES for others.
  const error = toNestbenchError(thrownBy(() => unlinkSync('/proc/version')));
  expect(error).toMatchObject({ code: 'NESTBENCH_SYSTEM_REFUSED', kind: 'infrastructure' });
  expect(error.message).toMatch(
    /^This user is not allowed to use \/proc\/version\. Change its owner, permissions or attributes, then start again \((EPERM|EACCES), unlink\)\.$/,
  );
});

test('an aborted wait is not a bug', () => {
  const reason = toNestbenchError(AbortSignal.abort().reason);
  expect(reason).toMatchObject({ code: 'NESTBENCH_ABORTED', kind: 'infrastructure' });
});

test.each([
  ['a wrong type', () => Object.defineProperty(Object.freeze({}), 'a', {})],
  ['a value out of range', () => 'x'.repeat(-1)],
  ['unchecked text that is not JSON', () => JSON.parse('{') as unknown],
  ['a failed assertion', () => assert.equal(1, 2)],
])('%s is a bug and keeps its stack', (_, work) => {
  const thrown = thrownBy(work);
  const error = toNestbenchError(thrown);
  expect(error).toMatchObject({ code: 'NESTBENCH_BUG', kind: 'bug', cause: thrown });
  expect(error.message).toMatch(/\n +at .*errors\.test\.ts/);
  expect(withoutStack(error).stack).toMatch(/\n +at /);
  expect(sentenceOf(thrown)).toBeUndefined();
});
