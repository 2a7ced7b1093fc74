/**
 * The program that passes connections to a guest's Dropbear, compiled for this host, and Dropbear itself if it is
 * installed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { connectSsh, generateKeyPair } from './ssh/ssh.ts';
import { freePort } from './ssh/sshd.testing.ts';

const DROPBEAR = '/usr/sbin/dropbear';
/** Ten times what a listening Dropbear accepts. */
const IDLE = 50;

/** Serves on a port of this host until the end of the test. */
async function serve(...argv: string[]): Promise<number> {
  const program = path.join(temporaryDirectory(), 'serve');
  const source = path.resolve(import.meta.dirname, '../build/image/guest/serve.c');
  execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-o', program, source]);
  const port = await freePort();
  const running = spawn(program, [String(port), ...argv], { stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(() => void running.kill());
  await expect.poll(() => opened(port), { timeout: 10_000 }).toBeDefined();
  return port;
}

/** A connection that was answered; undefined if nobody listens. */
async function opened(port: number): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => {
    socket.once('data', () => resolve(socket));
    for (const event of ['error', 'close']) socket.once(event, () => resolve(undefined));
  });
}

test('idle connections do not block others', async () => {
  const port = await serve('sh', '-c', 'echo hello; exec cat');
  const idle = await Promise.all(Array.from({ length: IDLE }, () => opened(port)));
  expect(idle).not.toContain(undefined);
  expect(await opened(port)).toBeDefined();
});

test.skipIf(!existsSync(DROPBEAR) || process.getuid?.() !== 0)(
  'Dropbear accepts connections despite them (needs dropbear-bin, and root)',
  async () => {
    const home = temporaryDirectory();
    const hostKey = path.join(home, 'host_key');
    execFileSync('dropbearkey', ['-t', 'ed25519', '-f', hostKey], { stdio: 'ignore' });
    const shown = execFileSync('dropbearkey', ['-y', '-f', hostKey], { encoding: 'utf8' });
    const keys = generateKeyPair();
    mkdirSync(path.join(home, 'keys'), { mode: 0o700 });
    writeFileSync(path.join(home, 'keys/authorized_keys'), `${keys.publicKey}\n`, { mode: 0o600 });
    const port = await serve(DROPBEAR, '-i', '-r', hostKey, '-s', '-m', '-K', '0');
    for (let n = 0; n < IDLE; n++) expect(await opened(port)).toBeDefined();
    // The test must not change the keys of root: a request for one shows that the connection got that far.
    const connecting = connectSsh({
      name: 'l0',
      open: async () => connect(port, '127.0.0.1'),
      username: 'root',
      privateKey: keys.privateKey,
      hostKey: shown.split('\n').find((line) => line.startsWith('ssh-ed25519')) ?? '',
      signal: AbortSignal.timeout(10_000),
      deadlineSeconds: 5,
    });
    await expect(connecting).rejects.toThrow(/authentication/i);
  },
);
