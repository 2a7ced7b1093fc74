/** What happens to commands when their SSH connection drops, nests, or is closed; with a real sshd. */
import { randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endSleeps, processesWith, uniqueSleep } from '../../lib/processes.testing.ts';
import type { SshMachine, SshOptions } from './ssh.ts';
import { testSshd, whyNoSshd } from './sshd.testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 40 };

// A killed sshd can't end its commands.
afterEach(endSleeps);
beforeEach((context) => context.skip(whyNoSshd() !== undefined, whyNoSshd()));

test('commands leave no listener on the signal behind', async () => {
  await using sshd = await testSshd();
  await using machine = await sshd.machine();
  const { signal } = new AbortController();
  for (let n = 0; n < 5; n += 1) await machine.check(['true'], { signal, deadlineSeconds: 40 });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a connection that drops rejects what runs over it before that ends, and says so once', async () => {
  await using sshd = await testSshd();
  await using machine = await sshd.machine();
  const seconds = uniqueSleep();
  const running = await machine.start(['sleep', seconds], generous);
  sshd.dropConnections();
  const lost = { code: 'NESTBENCH_CONNECTION_LOST', machine: 'l1' };
  await expect(running.exited).rejects.toMatchObject(lost);
  await expect(machine.lost).resolves.toMatchObject(lost);
  await expect(machine.run(['true'], generous)).rejects.toMatchObject(lost);
  await expect(machine.openSocket('/run/s', never)).rejects.toMatchObject(lost);
});

test('output that was cut off by the drop does not count as complete', async () => {
  await using sshd = await testSshd();
  await using machine = await sshd.machine();
  const running = await machine.start(['cat', '/dev/zero'], generous);
  while (running.output() === '') await sleep(20);
  sshd.dropConnections();
  await expect(running.exited).rejects.toMatchObject({ code: 'NESTBENCH_CONNECTION_LOST' });
});

test('a machine that falls silent is given up after its keepalives', async () => {
  await using sshd = await testSshd();
  await using machine = await sshd.machine({ keepaliveSeconds: 0.3 });
  const running = await machine.start(['sleep', uniqueSleep()], generous);
  for (const pid of sshd.connections()) process.kill(pid, 'SIGSTOP');
  await expect(running.exited).rejects.toThrow(
    'The SSH connection to l1 was lost: it no longer answers (Keepalive timeout).',
  );
});

test('a machine that falls silent does not delay a deadline for ever', async () => {
  await using sshd = await testSshd();
  const machine = await sshd.machine();
  const running = await machine.start(['sleep', uniqueSleep()], { ...generous, deadlineSeconds: 1 });
  const [stopped = 0] = sshd.connections();
  process.kill(stopped, 'SIGSTOP');
  await expect(running.exited).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringContaining('Whether it is still running there is unknown'),
  });
  process.kill(stopped, 'SIGCONT');
  await machine[Symbol.asyncDispose]();
});

test('connections nest, three deep, and carry bulk data in both directions', async () => {
  await using sshd = await testSshd();
  const through =
    (outer: SshMachine): SshOptions['open'] =>
    (signal) =>
      outer.connect('127.0.0.1', sshd.port, signal);
  await using first = await sshd.machine();
  await using second = await sshd.machine({ name: 'l2', open: through(first) });
  await using third = await sshd.machine({ name: 'l3', open: through(second) });
  const input = randomBytes(1_500_000).toString('hex');
  const outputs = await Promise.all(
    [first, second, third].map((machine) => machine.check(['cat'], { ...generous, input })),
  );
  expect(outputs.every((output) => output === input)).toBe(true);
});

test('a connection through another machine drops with it', async () => {
  await using sshd = await testSshd();
  await using outer = await sshd.machine();
  const [outerPid = 0] = sshd.connections();
  await using inner = await sshd.machine({
    name: 'l2',
    open: (signal) => outer.connect('127.0.0.1', sshd.port, signal),
  });
  await expect(inner.check(['echo', 'inside'], generous)).resolves.toBe('inside\n');
  const running = await inner.start(['sleep', uniqueSleep()], generous);
  process.kill(outerPid, 'SIGKILL');
  await expect(running.exited).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    machine: 'l2',
  });
});

test('a connection whose other end is closed is lost, although the way there still takes bytes', async () => {
  await using sshd = await testSshd();
  await using machine = await sshd.machine({
    open: async (signal) => halfOpen(await sshd.options.open(signal)),
  });
  const running = await machine.start(['sleep', uniqueSleep()], generous);
  sshd.dropConnections();
  const lost = { code: 'NESTBENCH_CONNECTION_LOST', machine: 'l1' };
  await expect(machine.lost).resolves.toMatchObject(lost);
  await expect(running.exited).rejects.toMatchObject(lost);
});

/** As a forwarding sshd passes on a connection: it tells the end of what it reads, and goes on taking bytes. */
function halfOpen(inner: Duplex): Duplex {
  const outer = new Duplex({
    allowHalfOpen: true,
    read() {},
    write: (chunk, _, done) => void (inner.destroyed ? done() : inner.write(chunk, () => done())),
    destroy: (error, done) => {
      inner.destroy();
      done(error);
    },
  });
  inner
    .on('data', (chunk) => outer.push(chunk))
    .on('end', () => outer.push(null))
    .on('error', () => outer.push(null));
  return outer;
}

test('disposing ends running commands and the connection, and does not count as a loss', async () => {
  await using sshd = await testSshd();
  const machine = await sshd.machine();
  const seconds = uniqueSleep();
  const running = await machine.start(['sleep', seconds], generous);
  await machine[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
  expect(processesWith(seconds)).toEqual([]);
  await expect(running.exited).resolves.toMatchObject({ signal: 'SIGTERM' });
  while (sshd.connections().length > 0) await sleep(20);
  const state = await Promise.race([machine.lost.then(() => 'lost'), sleep(100, 'quiet')]);
  expect(state).toBe('quiet');
  await expect(machine.run(['true'], generous)).rejects.toThrow('The SSH connection to l1 was ended.');
});

test('sessions beyond the limit of sshd are rejected with its reason, the others continue', async () => {
  await using sshd = await testSshd('MaxSessions 2');
  await using machine = await sshd.machine();
  await using first = await machine.start(['sleep', uniqueSleep()], generous);
  const second = await machine.start(['sleep', '2'], generous);
  await expect(machine.start(['sleep', uniqueSleep()], generous)).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    message: expect.stringMatching(/sshd on l1 refused a session/),
  });
  await expect(second.exited).resolves.toMatchObject({ exitCode: 0 });
  expect(first.output()).toBe('');
});
