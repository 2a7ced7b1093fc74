/**
 * The keys of one boot, newly made: one that opens every machine, and a host key for each, which nestbench pins. A
 * snapshot of the stack keeps them, because its guests do; they only open such guests, on loopback.
 */
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MachineName } from '../../fixtures/addresses.ts';
import { hostMachine } from '../machine/host.ts';
import { generateKeyPair, type KeyPair } from '../machine/ssh/ssh.ts';

export interface Keys {
  /** Opens every machine, as root. */
  readonly privateKey: string;
  /** Each machine's host key. */
  readonly hosts: Readonly<Record<MachineName, KeyPair>>;
}

const TAR_SECONDS = 30;

/**
 * Makes the keys and writes `seed.tar` in the runtime directory: the disk that carries them to every level.
 * @param files additional files of this host, by their path on every level.
 */
export async function makeKeys(
  runtime: string,
  signal: AbortSignal,
  files: ReadonlyMap<string, string> = new Map(),
): Promise<Keys> {
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
  const ofUser = path.join(seed, 'root/.ssh');
  await mkdir(ofUser, { recursive: true, mode: 0o700 });
  await writeFile(path.join(ofUser, 'authorized_keys'), `${user.publicKey}\n`, { mode: 0o600 });
  const ofHost = path.join(seed, 'etc/dropbear');
  await mkdir(ofHost, { recursive: true, mode: 0o755 });
  for (const [name, pair] of Object.entries(hosts)) {
    await writeFile(path.join(ofHost, `host_key_${name}`), dropbearKey(pair), { mode: 0o600 });
  }
  for (const [place, file] of files) {
    await mkdir(path.dirname(path.join(seed, place)), { recursive: true, mode: 0o755 });
    await copyFile(file, path.join(seed, place));
  }
  await hostMachine().check(
    ['tar', '--create', '--file', seedFile(runtime), '--owner=0', '--group=0', '-C', seed]
      // Without the directory itself, whose mode would replace that of every level's root.
      .concat(await readdir(seed)),
    { signal, deadlineSeconds: TAR_SECONDS },
  );
  await rm(seed, { recursive: true, force: true });
  return {
    privateKey: user.privateKey,
    hosts,
  };
}

/** In OpenSSH's PROTOCOL.key, an Ed25519 key is its seed and its public half in one string: 32 bytes each. */
const ED25519_BYTES = 64;

/**
 * A private key in Dropbear's format: the type's name and, as one string, seed and public half
 * (buf_put_ed25519_priv_key in its src/ed25519.c).
 */
function dropbearKey({ privateKey }: KeyPair): Buffer {
  const base64 = privateKey.replace(/-----.*-----|\s/g, '');
  // Unencrypted, everything before the key pair's own fields has a fixed length except the public key, which the pair
  // repeats.
  const openssh = Buffer.from(base64, 'base64');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(ED25519_BYTES);
  const at = openssh.lastIndexOf(length);
  const type = Buffer.from('\0\0\0\u000bssh-ed25519');
  return Buffer.concat([type, openssh.subarray(at, at + length.length + ED25519_BYTES)]);
}

/** The disk that carries the keys to every level. */
export function seedFile(runtime: string): string {
  return `${runtime}/seed.tar`;
}
