import { expect, test } from 'vitest';
import { type ErrorCode, NestbenchError } from '../lib/errors.ts';
import { Troubles } from './troubles.ts';

function sign(code: ErrorCode, machine: string): NestbenchError {
  return new NestbenchError(code, 'infrastructure', `${code} of ${machine}`, { machine });
}

const LOST = 'NESTBENCH_CONNECTION_LOST';
const DIED = 'NESTBENCH_GUEST_DIED';
const PANICKED = 'NESTBENCH_GUEST_PANICKED';
const DEADLINE = 'NESTBENCH_DEADLINE';

test.each<[string, readonly (readonly [ErrorCode, string])[], string]>([
  [
    'a panic takes the connection with it',
    [
      [LOST, 'l1'],
      [PANICKED, 'l1'],
    ],
    `${PANICKED} of l1`,
  ],
  [
    'what a server runs dies with it',
    [
      [DIED, 'l1'],
      [LOST, 'l0'],
      [DIED, 'l0'],
    ],
    `${DIED} of l0`,
  ],
  [
    'a QEMU is out of hearing where its machine is',
    [
      [DIED, 'l1'],
      [LOST, 'l1'],
      [LOST, 'l0'],
    ],
    `${LOST} of l0`,
  ],
  [
    'that a client is lost as well tells nothing of it',
    [
      [LOST, 'client'],
      [DIED, 'l1'],
    ],
    `${DIED} of l1`,
  ],
  [
    'a guest that panicked did, whatever else is lost',
    [
      [LOST, 'l0'],
      [PANICKED, 'l1'],
    ],
    `${PANICKED} of l1`,
  ],
  [
    'a failing command tells more than a lost connection',
    [
      [LOST, 'l1'],
      [DEADLINE, 'l1'],
    ],
    `${DEADLINE} of l1`,
  ],
])('%s', async (_, signs, cause) => {
  const troubles = new Troubles(new AbortController().signal);
  const [first, ...others] = signs.map(([code, machine]) => sign(code, machine));
  for (const other of others) troubles.report(other);
  expect((await troubles.causeOf(first)).message).toBe(cause);
});

test('what is seen once the machines are being ended is no trouble', async () => {
  const troubles = new Troubles(new AbortController().signal);
  troubles.end();
  troubles.report(sign(LOST, 'l0'));
  expect(troubles.signal.aborted).toBe(false);
});
