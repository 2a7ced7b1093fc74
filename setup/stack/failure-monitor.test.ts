import { expect, test } from 'vitest';
import { type ErrorCode, NestbenchError } from '../lib/errors.ts';
import { FailureMonitor } from './failure-monitor.ts';

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
  const failures = new FailureMonitor(new AbortController().signal);
  const [first, ...others] = signs.map(([code, machine]) => sign(code, machine));
  for (const other of others) failures.report(other);
  expect((await failures.causeOf(first)).message).toBe(cause);
});

test('what is seen once the machines are being ended is no failure', async () => {
  const failures = new FailureMonitor(new AbortController().signal);
  failures.end();
  failures.report(sign(LOST, 'l0'));
  expect(failures.signal.aborted).toBe(false);
});
