/** One attempt at an SSH connection: turns a byte stream into an authenticated client, or leaves nothing behind. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type Client } from 'ssh2';
import { inSeconds, reasonOf } from '../../lib/error-text.ts';
import { ConnectionError } from '../machine-errors.ts';
import { abortable } from '../../lib/abortable.ts';

/**
 * Selected for CPUs that are emulated at several levels, where each bignum operation is expensive: Curve25519 and
 * Ed25519 are the cheapest of their kind, AES-128-GCM the cheapest remaining cipher. (ChaCha20 would be cheaper without
 * AES instructions, but ssh2 without its native add-on keeps ChaCha20-Poly1305's state in one global buffer, so a
 * connection inside another such connection breaks, and nestbench nests them: Termix-SSH issue 1080.) GCM needs no MAC.
 * The guests' Dropbear has no GCM, and uses AES-128-CTR and HMAC-SHA-256. Nothing is compressed.
 */
export const ALGORITHMS: Algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
  compress: ['none'],
};

/** For a machine that may have any kind of host key. */
const { serverHostKey: _, ...ANY_HOST_KEY } = ALGORITHMS;

/** For opening a stream to sshd, from the first byte to the authenticated client. */
export const HANDSHAKE_SECONDS = 30;

/** Another key than the pinned one: the only failure that a retry can't fix. */
export class HostKeyError extends ConnectionError {
  constructor({ machine }: { readonly machine: string }) {
    super({
      message: `${machine} showed another host key than the one pinned for it, so the connection was rejected: it is not the machine that was set up.`,
      machine,
    });
  }
}

export interface HandshakeOptions {
  readonly name: string;
  readonly username: string;
  readonly privateKey: string;
  /** The only accepted host key, from {@link publicKeyBlob}; undefined for any. */
  readonly hostKey: Buffer | undefined;
  readonly keepaliveSeconds: number;
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
}

/**
 * The bytes of an OpenSSH public key (`ssh-ed25519 AAAA... comment`).
 * @throws {RangeError} if it is not one.
 */
export function publicKeyBlob(publicKey: string): Buffer {
  const parsed = ssh2.utils.parseKey(publicKey);
  if (parsed instanceof Error) throw new RangeError(`Not an OpenSSH public key: ${parsed.message}.`);
  return parsed.getPublicSSH();
}

/**
 * Opens a stream, waits at most `silenceSeconds` for its first bytes (a forwarded port accepts before sshd answers, and
 * is silent until then), and performs the handshake. On any failure client and stream are destroyed.
 * @throws {HostKeyError} for a wrong host key; after any other error a retry may help.
 */
export async function handshake(
  options: HandshakeOptions,
  silenceSeconds: number,
  signal: AbortSignal,
): Promise<{ client: Client; stream: Duplex }> {
  const limit = new AbortController();
  const overdue = (what: string): void => limit.abort(new Error(what));
  let timer = setTimeout(
    overdue,
    silenceSeconds * 1000,
    `no bytes from sshd within ${inSeconds(silenceSeconds)}`,
  );
  const both = AbortSignal.any([signal, limit.signal]);
  let stream: Duplex | undefined;
  const client = new ssh2.Client();
  // Permanently: ssh2 may emit errors on a client that has ended, and so may its stream.
  client.on('error', () => {});
  try {
    stream = await openStream(options.open, both);
    const ready = authenticate(client, stream, options, both);
    stream.once('data', () => {
      clearTimeout(timer);
      timer = setTimeout(
        overdue,
        HANDSHAKE_SECONDS * 1000,
        `the handshake did not end in ${HANDSHAKE_SECONDS} s`,
      );
    });
    await ready;
    return { client, stream };
  } catch (error) {
    client.destroy();
    stream?.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Opens the stream; if it arrives after the abort, destroys it. */
async function openStream(open: HandshakeOptions['open'], signal: AbortSignal): Promise<Duplex> {
  const opening = open(signal);
  try {
    const stream = await abortable(opening, signal);
    stream.on('error', () => {});
    if (stream instanceof Socket) stream.setNoDelay(true);
    return stream;
  } catch (error) {
    opening.then(
      (late) => late.on('error', () => {}).destroy(),
      () => {},
    );
    throw error;
  }
}

function authenticate(
  client: Client,
  stream: Duplex,
  options: HandshakeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { name, hostKey } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error): void => reject(error);
  const onClose = (): void => reject(new Error('the other side closed the connection during the handshake'));
  client.on('ready', resolve).on('error', onError).on('close', onClose);

  const verify = (presented: Buffer): boolean => {
    if (hostKey === undefined || presented.equals(hostKey)) return true;
    reject(new HostKeyError({ machine: name }));
    return false;
  };
  try {
    client.connect({
      sock: stream,
      username: options.username,
      privateKey: options.privateKey,
      // Only what can succeed: each rejected method is another round trip.
      authHandler: ['publickey'],
      hostVerifier: verify,
      algorithms: hostKey === undefined ? ANY_HOST_KEY : ALGORITHMS,
      // The timers above limit the handshake.
      readyTimeout: 0,
      keepaliveInterval: options.keepaliveSeconds * 1000,
      keepaliveCountMax: 4,
    });
  } catch (error) {
    reject(new Error(reasonOf(error), { cause: error }));
  }
  return abortable(promise, signal).finally(() => {
    client.off('ready', resolve).off('error', onError).off('close', onClose);
  });
}
