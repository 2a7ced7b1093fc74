/**
 * Reaches a machine over SSH: one connection, tried until it stands, kept open, its host key pinned.
 *
 * For the sshd of a guest: sessions beyond MaxSessions (10 unless set) are refused, so raise it; and from OpenSSH 9.8
 * on set `PerSourcePenalties no`, or attempts that broke off while the guest booted lock us out for a while.
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
  /** The one host key that is accepted, as in a `.pub` file. */
  readonly hostKey: string;
  readonly signal: AbortSignal;
  /** For the whole connect, all its attempts. */
  readonly deadlineSeconds: number;
  /** How long the first attempt waits for sshd's first bytes; each later one waits longer. */
  readonly silenceSeconds?: number;
  /** How often a silent connection is asked whether it is alive; four answers missing and it counts as lost. */
  readonly keepaliveSeconds?: number;
}

/** Between attempts. */
const BACKOFF_MS = 100;
/** How long an attempt waits for sshd's first bytes: short at first, since what is lost during boot stays lost... */
const FIRST_SILENCE_SECONDS = 1;
/** ... and longer each time, for a level so slow that its sshd needs that long. */
const SILENCE_GROWTH = 1.5;
const LONGEST_SILENCE_SECONDS = 8;
/** Seldom enough not to disturb a measurement, and patient with a level that is busy. */
const KEEPALIVE_SECONDS = 15;

/**
 * Connects, trying again until the deadline.
 * @throws NESTBENCH_DEADLINE with how often it was tried and why the last attempt failed; NESTBENCH_CONNECTION_LOST
 * at once where another host key is shown; NESTBENCH_ABORTED or the signal's own reason.
 */
export async function connectSsh(options: SshOptions): Promise<SshMachine> {
  const { name, signal, deadlineSeconds } = options;
  const target = {
    ...options,
    hostKey: publicKeyBlob(options.hostKey),
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
        return sshMachine(name, client, stream);
      } catch (error) {
        // Told to stop: then it is not this attempt that failed.
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

/** A fresh Ed25519 key pair. */
export function generateKeyPair(): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    // ssh2 drops a leading zero of the public key (one key in 256), and such a pair is of no use to anybody.
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) {
      return { privateKey: pair.private, publicKey: pair.public };
    }
  }
}
