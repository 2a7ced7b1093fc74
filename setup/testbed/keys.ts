/** The keys of one boot, made afresh: one that opens every machine, and a host key for each, pinned by us. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import ssh2 from 'ssh2';
import type { MachineName } from '../../fixtures/addresses.ts';
import { hostMachine } from '../machine/host.ts';
import { generateKeyPair, type KeyPair } from '../machine/ssh.ts';

export interface Keys {
  /** Opens every machine, as root; kept in memory alone. */
  readonly privateKey: string;
  /** Each machine's host key. */
  readonly hosts: Readonly<Record<MachineName, KeyPair>>;
}

const TAR_SECONDS = 30;

/**
 * A key pair that can be read. About one of 160 that ssh2 makes cannot: it drops the zeros that a public key starts with
 * (measured over 3000 of ssh2 1.17's; neither ssh2 nor OpenSSH then takes the key).
 */
export function makeKeyPair(make = generateKeyPair): KeyPair {
  for (;;) {
    const pair = make();
    if (!(ssh2.utils.parseKey(pair.privateKey) instanceof Error)) return pair;
  }
}

/** Makes the keys and writes `seed.tar` in the runtime directory: the disk that carries them to every level. */
export async function makeKeys(runtime: string, signal: AbortSignal): Promise<Keys> {
  const user = makeKeyPair();
  const hosts: Record<MachineName, KeyPair> = {
    client: makeKeyPair(),
    l0: makeKeyPair(),
    l1: makeKeyPair(),
    l2: makeKeyPair(),
    l3: makeKeyPair(),
  };

  const seed = path.join(runtime, 'seed');
  await rm(seed, { recursive: true, force: true });
  const ssh = path.join(seed, 'etc/ssh');
  await mkdir(ssh, { recursive: true, mode: 0o755 });
  await writeFile(path.join(ssh, 'authorized_keys'), `${user.publicKey}\n`, { mode: 0o600 });
  for (const [name, pair] of Object.entries(hosts)) {
    await writeFile(path.join(ssh, `host_key_${name}`), pair.privateKey, { mode: 0o600 });
  }
  await hostMachine().check(
    [
      'tar',
      '--create',
      '--file',
      path.join(runtime, 'seed.tar'),
      '--owner=0',
      '--group=0',
      '-C',
      seed,
      'etc',
    ],
    { signal, deadlineSeconds: TAR_SECONDS },
  );
  await rm(seed, { recursive: true, force: true });
  return {
    privateKey: user.privateKey,
    hosts,
  };
}
