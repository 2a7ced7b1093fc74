import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { type Keys, makeKeys } from './keys.ts';

const never = new AbortController().signal;
const NAMES = ['client', 'l0', 'l1', 'l2', 'l3'] as const;

async function made(): Promise<{ keys: Keys; runtime: string; tar: (...argv: string[]) => Buffer }> {
  const runtime = temporaryDirectory();
  const keys = await makeKeys(runtime, never);
  const seed = path.join(runtime, 'seed.tar');
  return {
    keys,
    runtime,
    tar: (...argv) => execFileSync('tar', ['--file', seed, ...argv]),
  };
}

/** The public half of a private key, without its comment. */
function publicOf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}

test('the seed authorizes the one key, and gives every machine its own host key', async () => {
  const { keys, tar } = await made();
  const authorized = tar('--extract', '--to-stdout', 'root/.ssh/authorized_keys').toString();
  expect(authorized.trim().split(' ').slice(0, 2).join(' ')).toBe(publicOf(keys.privateKey));
  for (const name of NAMES) {
    const { privateKey, publicKey } = keys.hosts[name];
    expect(publicKey).toContain(publicOf(privateKey));
    const file = tar('--extract', '--to-stdout', `etc/dropbear/host_key_${name}`);
    // Dropbear's format: the type, then seed and public half. The seed gives exactly the pinned key.
    expect(file.subarray(0, 15).toString('latin1')).toBe('\0\0\0\u000bssh-ed25519');
    expect(file.readUInt32BE(15)).toBe(64);
    const [seed, point] = [file.subarray(19, 51), file.subarray(51)];
    const fromSeed = createPublicKey(createPrivateKey({ key: pkcs8(seed), format: 'der', type: 'pkcs8' }));
    expect(fromSeed.export({ format: 'jwk' }).x).toBe(point.toString('base64url'));
    expect(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64').subarray(-32)).toEqual(point);
  }
});

/** An Ed25519 seed in the encoding that Node reads (RFC 8410, section 7). */
function pkcs8(seed: Buffer): Buffer {
  return Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
}

test('the SSH server accepts the files: they belong to root, and nobody else can read them', async () => {
  const { tar } = await made();
  const files = tar('--list', '--verbose', '--numeric-owner')
    .toString()
    .trim()
    .split('\n')
    .filter((line) => !line.endsWith('/'));
  expect(files).toHaveLength(1 + NAMES.length);
  for (const line of files) expect(line).toMatch(/^-rw------- 0\/0 /);
});

test('only the seed is left on the disk, and it does not contain the private key', async () => {
  const { keys, runtime, tar } = await made();
  expect(readdirSync(runtime)).toEqual(['seed.tar']);
  expect(tar('--extract', '--to-stdout').toString()).not.toContain(keys.privateKey);
});

test('no key is made twice', async () => {
  const boots = await Promise.all([made(), made()]);
  const all = boots.flatMap(({ keys }) => Object.values(keys.hosts).concat({ ...keys, publicKey: '' }));
  expect(new Set(all.map(({ privateKey }) => publicOf(privateKey))).size).toBe(2 * (1 + NAMES.length));
});

test('nothing is made once aborted', async () => {
  await expect(makeKeys(temporaryDirectory(), AbortSignal.abort())).rejects.toMatchObject({
    code: 'NESTBENCH_ABORTED',
  });
});
