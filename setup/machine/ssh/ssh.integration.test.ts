/** Reaching a machine over SSH, with a real sshd: retries, rejections, and what they leave behind. */
import { getEventListeners, once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2 from 'ssh2';
import { beforeEach, expect, test, vi } from 'vitest';
import { hostMachine } from '../host.ts';
import { publicKeyBlob } from './ssh-handshake.ts';
import { connectSsh, generateKeyPair, type SshOptions } from './ssh.ts';
import { freePort, testSshd, whyNoSshd } from './sshd.testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 40 };
const host = hostMachine();

beforeEach((context) => context.skip(whyNoSshd() !== undefined, whyNoSshd()));

/** Options for a machine that does not exist, or not yet. */
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

test('retries if the port accepts but stays silent, and leaks no socket', async () => {
  await using sshd = await testSshd();
  const accepted: Socket[] = [];
  // Like QEMU's hostfwd: it accepts at once, and is silent until the guest is up.
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

test('at the deadline it reports which machine, how long, how often, and why the last attempt failed', async () => {
  const port = await freePort();
  await expect(connectSsh(toPort(port, { deadlineSeconds: 1 }))).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
    message: expect.stringMatching(
      /^Waited 1 s on l2 for SSH\. Last seen: \d+ attempts, the last: .*ECONNREFUSED/,
    ),
    machine: 'l2',
    seconds: 1,
  });
});

test('the deadline ends an attempt that hangs', async () => {
  const attempts: AbortSignal[] = [];
  const open = (signal: AbortSignal): Promise<never> => {
    attempts.push(signal);
    return new Promise(() => {});
  };
  await expect(connectSsh(toPort(1, { open, deadlineSeconds: 0.5 }))).rejects.toMatchObject({
    code: 'NESTBENCH_DEADLINE',
  });
  expect(attempts.map(({ aborted }) => aborted)).toEqual([true]);
});

test('failed attempts leave no socket, no timer and no listener behind', async () => {
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

test('an abort ends the connect', async () => {
  const controller = new AbortController();
  const connecting = connectSsh(toPort(await freePort(), { signal: controller.signal }));
  setTimeout(() => controller.abort(), 300);
  await expect(connecting).rejects.toMatchObject({ code: 'NESTBENCH_ABORTED', machine: 'l2' });
});

test('another host key than the pinned one is refused at the first attempt', async () => {
  await using sshd = await testSshd();
  // Once it is up, no attempt fails for another reason.
  await (await sshd.machine())[Symbol.asyncDispose]();
  let attempts = 0;
  const open: SshOptions['open'] = (signal) => {
    attempts += 1;
    return sshd.options.open(signal);
  };
  await expect(sshd.machine({ open, hostKey: generateKeyPair().publicKey })).rejects.toMatchObject({
    code: 'NESTBENCH_CONNECTION_LOST',
    kind: 'infrastructure',
    message: expect.stringContaining('l1 showed another host key than the one pinned'),
    machine: 'l1',
  });
  expect(attempts).toBe(1);
  while (sshd.connections().length > 0) await sleep(20);
});

test('a key that is not authorized is reported as that', async () => {
  await using sshd = await testSshd();
  const connecting = sshd.machine({ privateKey: generateKeyPair().privateKey, deadlineSeconds: 2 });
  await expect(connecting).rejects.toThrow(/authentication methods failed/);
});

test('invalid keys are rejected before anything is tried', async () => {
  await expect(connectSsh(toPort(1, { privateKey: 'secret' }))).rejects.toThrow(/Not an OpenSSH private key/);
  await expect(connectSsh(toPort(1, { hostKey: 'secret' }))).rejects.toThrow(/Not an OpenSSH public key/);
});

test('a generated key pair belongs together', () => {
  const { privateKey, publicKey } = generateKeyPair();
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  expect(publicKey).toBe(`ssh-ed25519 ${parsed.getPublicSSH().toString('base64')}`);
});

test('every key pair can be read, also those whose public key begins with a zero', () => {
  // One in 256 does: the chance that none of these does is one in 2500.
  for (let made = 0; made < 2000; made++) {
    const { privateKey, publicKey } = generateKeyPair();
    expect(publicKeyBlob(publicKey)).toHaveLength(51);
    expect(ssh2.utils.parseKey(privateKey)).not.toBeInstanceOf(Error);
  }
});
