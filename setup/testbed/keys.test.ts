import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../temporary.testing.ts';
import { type Keys, makeKeys } from './keys.ts';

const never = new AbortController().signal;
const NAMES = ['client', 'l0', 'l1', 'l2', 'l3'] as const;

async function made(): Promise<{ keys: Keys; runtime: string; tar: (...argv: string[]) => string }> {
  const runtime = temporaryDirectory();
  const keys = await makeKeys(runtime, never);
  const seed = path.join(runtime, 'seed.tar');
  return {
    keys,
    runtime,
    tar: (...argv) => execFileSync('tar', ['--file', seed, ...argv], { encoding: 'utf8' }),
  };
}

/** The public half of a private key, without its comment. */
function publicOf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}

test('the seed lets the one key in, and gives every machine its own host key', async () => {
  const { keys, tar } = await made();
  const file = (name: string): string => tar('--extract', '--to-stdout', `etc/ssh/${name}`);
  expect(file('authorized_keys').trim().split(' ').slice(0, 2).join(' ')).toBe(publicOf(keys.privateKey));
  for (const name of NAMES) {
    expect(file(`host_key_${name}`)).toBe(keys.hosts[name].privateKey);
    expect(keys.hosts[name].publicKey).toContain(publicOf(file(`host_key_${name}`)));
  }
});

test('sshd takes the files: they are root’s, and nobody else reads them', async () => {
  const { tar } = await made();
  const files = tar('--list', '--verbose', '--numeric-owner')
    .trim()
    .split('\n')
    .filter((line) => !line.endsWith('/'));
  expect(files).toHaveLength(1 + NAMES.length);
  for (const line of files) expect(line).toMatch(/^-rw------- 0\/0 /);
});

test('nothing but the seed is left on the disk, and the opening key is not in it', async () => {
  const { keys, runtime, tar } = await made();
  expect(readdirSync(runtime)).toEqual(['seed.tar']);
  expect(tar('--extract', '--to-stdout')).not.toContain(keys.privateKey);
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
