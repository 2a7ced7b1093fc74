/**
 * Reaches a machine over SSH: one connection, retried until it is up, kept open, with a pinned host key.
 *
 * Requirements for a guest's sshd: sessions beyond MaxSessions (default 10) are rejected, so increase it; and from
 * OpenSSH 9.8 on set `PerSourcePenalties no`, or interrupted attempts while the guest boots lock nestbench out for a
 * while.
 */
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import { reasonOf } from '../../lib/error-text.ts';
import { handshake, HostKeyError, publicKeyBlob } from './ssh-handshake.ts';
import { type SshMachine, sshMachine } from './ssh-machine.ts';
import { waitUntil } from '../../lib/wait.ts';

export type { SshMachine } from './ssh-machine.ts';

export interface SshOptions {
  /** The machine's name: `client`, `l0` ... `l3`. */
  readonly name: string;
  /** Opens a stream to its sshd: a socket of this host, or one forwarded through another machine. */
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
  readonly username: string;
  /** In OpenSSH's format. */
  readonly privateKey: string;
  /** The only accepted host key, as in a `.pub` file; without one, any: that of a disk image is not known before it boots. */
  readonly hostKey?: string;
  readonly signal: AbortSignal;
  /** For the whole connect, with all its attempts. */
  readonly deadlineSeconds: number;
  /** How long the first attempt waits for sshd's first bytes; each later one waits longer. */
  readonly silenceSeconds?: number;
  /** How often a silent connection is checked. After four missing answers it counts as lost. */
  readonly keepaliveSeconds?: number;
  /** A sentence for whoever reads that the connection was lost. */
  readonly lossAdvice?: string;
}

/** Between attempts. */
const BACKOFF_MS = 100;
/** How long an attempt waits for sshd's first bytes: short at first, because data lost during boot stays lost... */
const FIRST_SILENCE_SECONDS = 1;
/** ... and longer each time, for a level whose sshd is that slow. */
const SILENCE_GROWTH = 1.5;
const LONGEST_SILENCE_SECONDS = 8;
/** Rare enough not to disturb a measurement, and patient with a busy level. */
const KEEPALIVE_SECONDS = 15;

/**
 * Connects, with retries until the deadline.
 * @throws NESTBENCH_DEADLINE with how often it was tried and why the last attempt failed; NESTBENCH_CONNECTION_LOST at
 * once for a wrong host key; NESTBENCH_ABORTED or the signal's own reason.
 */
export async function connectSsh(options: SshOptions): Promise<SshMachine> {
  const { name, signal, deadlineSeconds } = options;
  const target = {
    ...options,
    hostKey: options.hostKey === undefined ? undefined : publicKeyBlob(options.hostKey),
    keepaliveSeconds: options.keepaliveSeconds ?? KEEPALIVE_SECONDS,
  };
  const key = ssh2.utils.parseKey(options.privateKey);
  if (key instanceof Error) throw new RangeError(`Not an OpenSSH private key: ${key.message}.`);

  let attempts = 0;
  let silenceSeconds = options.silenceSeconds ?? FIRST_SILENCE_SECONDS;
  return waitUntil(
    'SSH',
    async (context) => {
      attempts += 1;
      if (attempts === 1) context.saw('the first attempt, not yet answered.');
      try {
        const { client, stream } = await handshake(target, silenceSeconds, context.signal);
        return sshMachine(name, client, stream, options.lossAdvice);
      } catch (error) {
        // An abort is not a failure of this attempt.
        if (error instanceof HostKeyError || context.signal.aborted) throw error;
        context.saw(`${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}, the last: ${reasonOf(error)}`);
        silenceSeconds = Math.max(
          silenceSeconds,
          Math.min(silenceSeconds * SILENCE_GROWTH, LONGEST_SILENCE_SECONDS),
        );
        return undefined;
      }
    },
    { machine: name, deadlineSeconds, signal, intervalMs: BACKOFF_MS },
  );
}

export interface KeyPair {
  /** In OpenSSH's format. */
  readonly privateKey: string;
  /** As a line of authorized_keys or of a `.pub` file. */
  readonly publicKey: string;
}

/** A new Ed25519 key pair. */
export function generateKeyPair(): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    // ssh2 drops a leading zero of the public key (one key in 256), which makes the pair useless.
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) {
      return { privateKey: pair.private, publicKey: pair.public };
    }
  }
}
