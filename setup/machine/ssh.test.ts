/** Reaching a machine over SSH, against a real sshd: retries, refusals, and connections that drop. */
import { randomBytes } from 'node:crypto';
import { getEventListeners, once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostMachine } from './host.ts';
import { endSleeps, processesWith, uniqueSleep } from './processes.testing.ts';
import { connectSsh, generateKeyPair, type SshMachine, type SshOptions } from './ssh.ts';
import { freePort, testSshd, whyNoSshd } from './sshd.testing.ts';

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 40 };
const host = hostMachine();
const hanging = (): Promise<never> => new Promise(() => {});

// A killed sshd can't end its commands.
afterEach(endSleeps);
beforeEach((context) => context.skip(whyNoSshd() !== undefined, whyNoSshd()));

/** Options for a machine that is not there, or not yet. */
function toPort(port: number, overrides: Partial<SshOptions> = {}): SshOptions {
  return {
    name: 'l2',
    username: userInfo().username,
    privateKey: generateKeyPair().privateKey,
    hostKey: generateKeyPair().publicKey,
    open: (signal) => host.connect('127.0.0.1', port, signal),
    ...generous,
    ...overrides,
  };
}

test('tries until sshd is up', async () => {
  await using sshd = await testSshd();
  await sshd.stop();
  const connecting = sshd.machine();
  await sleep(700);
  sshd.start();
  await using machine = await connecting;
  await expect(machine.check(['echo', 'up'], generous)).resolves.toBe('up\n');
});

test('tries again where the port accepts but nobody speaks, and leaks no socket', async () => {
  await using sshd = await testSshd();
  const accepted: Socket[] = [];
  // Like QEMU's hostfwd: it accepts at once, and says nothing until the guest is up.
  const forward = createServer((client) => {
    client.on('error', () => {}).resume();
    accepted.push(client);
    if (accepted.length <= 2) return;
    const guest = connect(sshd.port, '127.0.0.1').on('error', () => {});
    client.pipe(guest).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(forward, 'listening');
  const address = forward.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const open: SshOptions['open'] = (signal) => host.connect('127.0.0.1', address.port, signal);
  {
    await using machine = await sshd.machine({ open });
    await expect(machine.check(['echo', 'up'], generous)).resolves.toBe('up\n');
    expect(accepted).toHaveLength(3);
  }
  while (accepted.some((client) => !client.closed)) await sleep(20);
  forward.close();
});

test('at the deadline it says which machine, how long, how often, and why the last attempt failed', async () => {
  const port = await freePort();
  await expect(connectSsh(toPort(port, { deadlineSeconds: 1 }))).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringMatching(
      /^Waited 1 s on l2 for SSH\. Last seen: \d+ attempts, the last: .*ECONNREFUSED/,
    ),
    facts: { machine: 'l2', seconds: 1 },
  });
});

test('the deadline ends an attempt that hangs', async () => {
  const begun = performance.now();
  await expect(connectSsh(toPort(1, { open: hanging, deadlineSeconds: 0.5 }))).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
  });
  expect(performance.now() - begun).toBeLessThan(4000);
});

test('attempts that fail leave no socket, no timer and no listener behind', async () => {
  let attempts = 0;
  const rude = createServer((client) => {
    attempts += 1;
    client
      .on('error', () => {})
      .resume()
      .end('SSH-2.0-rude\r\n');
  }).listen(0, '127.0.0.1');
  await once(rude, 'listening');
  const address = rude.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { signal } = new AbortController();
  await expect(connectSsh(toPort(address.port, { signal, deadlineSeconds: 1.5 }))).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
  });
  rude.close();
  await once(rude, 'close');
  await sleep(100);
  expect(attempts).toBeGreaterThan(3);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP'))).toEqual([]);
});

test('commands leave no listener on the signal behind', async () => {
  await using sshd = await testSshd();
  await using machine = await sshd.machine();
  const { signal } = new AbortController();
  for (let n = 0; n < 5; n += 1) await machine.check(['true'], { signal, deadlineSeconds: 40 });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an abort ends the connecting', async () => {
  const controller = new AbortController();
  const connecting = connectSsh(toPort(await freePort(), { signal: controller.signal }));
  setTimeout(() => controller.abort(), 300);
  await expect(connecting).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED', facts: { machine: 'l2' } });
});

test('another host key than the pinned one is refused at once', async () => {
  await using sshd = await testSshd();
  const begun = performance.now();
  await expect(sshd.machine({ hostKey: generateKeyPair().publicKey })).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    kind: 'infrastructure',
    message: expect.stringContaining('l1 showed another host key than the one pinned'),
    facts: { machine: 'l1' },
  });
  expect(performance.now() - begun).toBeLessThan(20_000);
  while (sshd.connections().length > 0) await sleep(20);
});

test('a key that is not let in is told as such', async () => {
  await using sshd = await testSshd();
  const connecting = sshd.machine({ privateKey: generateKeyPair().privateKey, deadlineSeconds: 2 });
  await expect(connecting).rejects.toThrow(/authentication methods failed/);
});

test('something that is no key is refused before anything is tried', async () => {
  await expect(connectSsh(toPort(1, { privateKey: 'secret' }))).rejects.toThrow(/Not an OpenSSH private key/);
  await expect(connectSsh(toPort(1, { hostKey: 'secret' }))).rejects.toThrow(/Not an OpenSSH public key/);
});

test('a generated key pair belongs together', () => {
  const { privateKey, publicKey } = generateKeyPair();
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  expect(publicKey).toBe(`ssh-ed25519 ${parsed.getPublicSSH().toString('base64')}`);
});

test('a connection that drops rejects what runs over it, promptly, and says so once', async () => {
  await using sshd = await testSshd();
  await using machine = await sshd.machine();
  const seconds = uniqueSleep();
  const running = await machine.start(['sleep', seconds], generous);
  const begun = performance.now();
  sshd.dropConnections();
  const lost = { code: 'NESTBENCH_CONNECTION_LOST', facts: { machine: 'l1' } };
  await expect(running.exited).rejects.toMatchObject(lost);
  await expect(machine.lost).resolves.toMatchObject(lost);
  await expect(machine.run(['true'], generous)).rejects.toMatchObject(lost);
  await expect(machine.openSocket('/run/s', never)).rejects.toMatchObject(lost);
  expect(performance.now() - begun).toBeLessThan(5000);
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
  await expect(running.exited).rejects.toThrow(/The SSH connection to l1 was lost: Keepalive timeout/);
});

test('a machine that falls silent does not hold up a deadline for ever', async () => {
  await using sshd = await testSshd();
  const machine = await sshd.machine();
  const running = await machine.start(['sleep', uniqueSleep()], { ...generous, deadlineSeconds: 1 });
  const [stopped = 0] = sshd.connections();
  process.kill(stopped, 'SIGSTOP');
  await expect(running.exited).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringContaining('Whether it still runs there is unknown'),
  });
  process.kill(stopped, 'SIGCONT');
  await machine[Symbol.asyncDispose]();
});

test('connections nest, three deep, and carry bulk in both directions', async () => {
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
    facts: { machine: 'l2' },
  });
});

test('disposing ends what still runs and the connection, and that is no loss', async () => {
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

test('sessions beyond the limit of sshd are refused with its reason, the others go on', async () => {
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
