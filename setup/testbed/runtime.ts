/** The emulated testbed's place on this host: one run at a time, and nothing left of the last one. */
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { takeLock, type Lock } from '../host/lock.ts';
import { InputError, NestbenchError, toNestbenchError } from '../errors.ts';
import { endOwned } from '../machine/qemu-process.ts';

/** Where the running testbed's sockets and pid files are. */
export function runtimeDirectory(temporary = tmpdir()): string {
  return path.join(temporary, `nestbench-${userInfo().uid}`, 'testbed');
}

/** Beside, not in, the directory that a boot empties. */
export function lockFile(): string {
  return `${runtimeDirectory()}.lock`;
}

/** A Unix socket's path holds so many bytes (unix(7)). */
const SOCKET_PATH_BYTES = 107;

/**
 * Makes the directory above the runtime directory, which anybody could have made before us under its name.
 * @throws {InputError} where it is not ours alone, or too long for the sockets that come to be in it.
 */
export function claimDirectory(runtime = runtimeDirectory()): void {
  // The longest name that a boot gives a socket.
  const socket = path.join(runtime, 'client.console');
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `TMPDIR is too long: ${socket} would be a socket's path, which holds ${SOCKET_PATH_BYTES} bytes. Set TMPDIR to a shorter one.`,
    );
  }
  const directory = path.dirname(runtime);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o022) === 0) return;
  throw new InputError(
    'NESTBENCH_UNKNOWN_SETTING',
    `${directory} is not a directory that only this user can write to, so no keys are put there. Remove it, or set TMPDIR to another place.`,
  );
}

/**
 * Takes the testbed of this host. The lock is the kernel's own and is free once its holder is gone, however it went.
 * @param onWait is told once who holds it, before waiting.
 * @throws NESTBENCH_TESTBED_BUSY where it is not free in time, saying who holds it.
 */
export async function takeTestbed(options: {
  readonly waitMinutes: number;
  readonly signal: AbortSignal;
  readonly onWait: (holders: string) => void;
}): Promise<Lock> {
  const { waitMinutes, signal } = options;
  claimDirectory();
  let holders = 'another process';
  const patience = AbortSignal.timeout(timerMilliseconds(waitMinutes));
  try {
    return await takeLock(lockFile(), {
      signal: AbortSignal.any([signal, patience]),
      onWait: (text) => {
        holders = text;
        options.onWait(text);
      },
    });
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw toNestbenchError(error);
    throw new NestbenchError(
      'NESTBENCH_TESTBED_BUSY',
      'infrastructure',
      `The testbed of this host is held by ${holders}; it was not free within ${waitMinutes} min. Wait for that run, end it, or set WAIT to more minutes.`,
      { machine: 'host', seconds: waitMinutes * 60 },
      { cause: error },
    );
  }
}

/** Timers hold 31 bits of whole milliseconds; more would be over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function timerMilliseconds(minutes: number): number {
  return Math.min(Math.max(1, Math.round(minutes * 60_000)), LONGEST_TIMER_MS);
}

/**
 * Ends what a killed run left running. Only under the testbed's lock: then whatever runs there is nobody's.
 * @returns sentences that say what was ended.
 */
export async function sweepTestbed(): Promise<string[]> {
  const ended = await endOwned(runtimeDirectory());
  return ended.map(({ pid, pidFile }) => {
    const name = pidFile === undefined ? 'a machine' : path.basename(pidFile, '.pid');
    return `Ended ${name} (QEMU, process ${pid}), left behind by a run that was killed.`;
  });
}
