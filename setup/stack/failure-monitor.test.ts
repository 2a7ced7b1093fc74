import { expect, test } from 'vitest';
import { DeadlineError, type NestbenchError } from '../lib/errors.ts';
import { ConnectionError, GuestPanicError } from '../machine/machine-errors.ts';
import { FailureMonitor } from './failure-monitor.ts';
import { GuestDiedError } from './qemu-end.ts';

const LOST = (machine: string) => new ConnectionError({ message: `${machine} lost`, machine });
const DEADLINE = (machine: string) => new DeadlineError({ message: `${machine} late`, machine });
const DIED = (machine: 'l0' | 'l1' | 'l2') =>
  new GuestDiedError({ plan: { name: machine, runsOn: 'host' }, end: {} });
const PANICKED = (machine: string) =>
  new GuestPanicError({ machine, reason: 'Oops', consoleFile: 'console', output: '' });

test.concurrent.each<[string, readonly NestbenchError[], NestbenchError]>([
  ['a panic also ends the connection', [LOST('l1'), PANICKED('l1')], PANICKED('l1')],
  ['the guests of a server die with it', [DIED('l1'), LOST('l0'), DIED('l0')], DIED('l0')],
  ['a lost machine explains the silence of its QEMUs', [DIED('l1'), LOST('l1'), LOST('l0')], LOST('l0')],
  [
    'so it does for the QEMUs of its guests',
    [LOST('l0'), DIED('l1'), LOST('l1'), DIED('l2'), LOST('l2')],
    LOST('l0'),
  ],
  ['a guest that died takes its own guests with it', [DIED('l1'), LOST('l1'), DIED('l2')], DIED('l1')],
  ['a client that is lost as well is not the cause', [LOST('client'), DIED('l1')], DIED('l1')],
  ['a guest that panicked did, whatever else is lost', [LOST('l0'), PANICKED('l1')], PANICKED('l1')],
  ['a failing command is more specific than a lost connection', [LOST('l1'), DEADLINE('l1')], DEADLINE('l1')],
])('%s', async (_, signs, cause) => {
  const failures = new FailureMonitor(new AbortController().signal);
  const [first, ...others] = signs;
  for (const other of others) failures.report(other);
  expect((await failures.causeOf(first)).message).toBe(cause.message);
});

test('nothing counts as a failure once the machines are being ended', async () => {
  const failures = new FailureMonitor(new AbortController().signal);
  failures.end();
  failures.report(LOST('l0'));
  expect(failures.signal.aborted).toBe(false);
});
