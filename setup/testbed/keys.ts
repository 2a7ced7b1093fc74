/** The keys of one boot, made afresh: one that opens every machine, and a host key for each, pinned by us. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
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

/** Makes the keys and writes `seed.tar` in the runtime directory: the disk that carries them to every level. */
export async function makeKeys(runtime: string, signal: AbortSignal): Promise<Keys> {
  const user = generateKeyPair();
  const hosts: Record<MachineName, KeyPair> = {
    client: generateKeyPair(),
    l0: generateKeyPair(),
    l1: generateKeyPair(),
    l2: generateKeyPair(),
    l3: generateKeyPair(),
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
