import { expect, test } from 'vitest';
import { DeadlineError, type NestbenchError } from '../lib/errors.ts';
import { ConnectionError, GuestPanicError } from '../machine/machine-errors.ts';
import { FailureMonitor } from './failure-monitor.ts';
import { GuestDiedError } from './qemu-end.ts';

const LOST = (machine: string) => new ConnectionError({ message: `${machine} lost`, machine });
const DEADLINE = (machine: string) => new DeadlineError({ message: `${machine} late`, machine });
const DIED = (machine: 'l0' | 'l1') =>
  new GuestDiedError({ plan: { name: machine, runsOn: 'host' }, end: {} });
const PANICKED = (machine: string) =>
  new GuestPanicError({ machine, reason: 'Oops', consoleFile: 'console', output: '' });

test.each<[string, readonly NestbenchError[], NestbenchError]>([
  ['a panic takes the connection with it', [LOST('l1'), PANICKED('l1')], PANICKED('l1')],
  ['what a server runs dies with it', [DIED('l1'), LOST('l0'), DIED('l0')], DIED('l0')],
  ['a QEMU is out of hearing where its machine is', [DIED('l1'), LOST('l1'), LOST('l0')], LOST('l0')],
  ['that a client is lost as well tells nothing of it', [LOST('client'), DIED('l1')], DIED('l1')],
  ['a guest that panicked did, whatever else is lost', [LOST('l0'), PANICKED('l1')], PANICKED('l1')],
  ['a failing command tells more than a lost connection', [LOST('l1'), DEADLINE('l1')], DEADLINE('l1')],
])('%s', async (_, signs, cause) => {
  const failures = new FailureMonitor(new AbortController().signal);
  const [first, ...others] = signs;
  for (const other of others) failures.report(other);
  expect((await failures.causeOf(first)).message).toBe(cause.message);
});

test('what is seen once the machines are being ended is no failure', async () => {
  const failures = new FailureMonitor(new AbortController().signal);
  failures.end();
  failures.report(LOST('l0'));
  expect(failures.signal.aborted).toBe(false);
});
