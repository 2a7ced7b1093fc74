/** The emulated testbed's place on this host: one run at a time, and nothing left of the last one. */
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { takeLock, type Lock } from '../host/lock.ts';
import { NestbenchError, toNestbenchError } from '../errors.ts';
import { endOwned } from '../machine/qemu-process.ts';

/** Where the running testbed's sockets and pid files are: short, since a Unix socket's path holds 107 bytes (unix(7)). */
export function runtimeDirectory(temporary = tmpdir()): string {
  return path.join(temporary, `nestbench-${userInfo().uid}`, 'testbed');
}

/** Beside, not in, the directory that a boot empties. */
export function lockFile(): string {
  return `${runtimeDirectory()}.lock`;
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
