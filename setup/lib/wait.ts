/** Waiting, always with a deadline, a signal and a reason. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeadlineError } from './errors.ts';
import { aborted, inSeconds } from './error-text.ts';

/** How long aborted work may take to stop before its caller continues without it. */
const SETTLE_MS = 5000;

/** Timers have 31 bits of whole milliseconds; larger values expire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for this long.
 * @throws the signal's reason if it is a nestbench error, otherwise NESTBENCH_ABORTED.
 */
export async function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    throw aborted(signal, `waiting for ${inSeconds(milliseconds / 1000)}`);
  }
}

export interface ProbeContext {
  /** Aborted by the deadline and by the caller. */
  readonly signal: AbortSignal;
  /** Notes what was seen, for the error message. */
  readonly saw: (what: string) => void;
}

export interface WaitOptions {
  readonly deadlineSeconds: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** The machine, for the error. */
  readonly machine: string;
}

/**
 * Calls the probe until it returns something other than undefined. An error of the probe ends the wait; to be called
 * again, it returns undefined and notes with `saw` what it saw.
 * @throws NESTBENCH_DEADLINE with what was awaited, where, for how long, and what was last seen.
 */
export async function waitUntil<T>(
  what: string,
  probe: (context: ProbeContext) => T | undefined | Promise<T | undefined>,
  options: WaitOptions,
): Promise<T> {
  const { machine, deadlineSeconds, intervalMs } = options;
  let last: string | undefined;
  const saw = (text: string): void => {
    last = text;
  };
  const describe = (): string => (last === undefined ? ' Nothing was seen of it.' : ` Last seen: ${last}`);
  const poll = async (signal: AbortSignal): Promise<T> => {
    for (;;) {
      const found = await probe({ signal, saw });
      if (found !== undefined) return found;
      await delay(intervalMs, signal);
    }
  };
  return limited({ what, machine, describe }, deadlineSeconds, options.signal, poll);
}

/**
 * Does work within a deadline. `work` gets a signal that the deadline and `signal` abort, and then some time to clean
 * up; a result that it still returns counts.
 * @throws NESTBENCH_DEADLINE, the signal's reason or NESTBENCH_ABORTED, or what `work` throws.
 */
export function withDeadline<T>(
  what: string,
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  machine?: string,
): Promise<T> {
  return limited({ what, machine, describe: () => '' }, seconds, signal, work);
}

async function limited<T>(
  subject: { what: string; machine: string | undefined; describe: () => string },
  seconds: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { what, machine, describe } = subject;
  if (outer.aborted) throw aborted(outer, what, { machine });

  const deadline = new AbortController();
  const expire = (): void => {
    const where = machine === undefined ? '' : ` on ${machine}`;
    const message = `Waited ${inSeconds(seconds)}${where} for ${what}.${describe()}`;
    deadline.abort(new DeadlineError({ message, machine, seconds }));
  };
  const timer = setTimeout(expire, Math.min(seconds * 1000, LONGEST_TIMER_MS));
  if (!Number.isFinite(seconds)) clearTimeout(timer);

  const signal = AbortSignal.any([outer, deadline.signal]);
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {});
  let settling: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    settling = setTimeout(() => stopped.reject(signal.reason), SETTLE_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(signal), stopped.promise]);
  } catch (error) {
    throw signal.aborted ? aborted(signal, what, { machine }) : error;
  } finally {
    clearTimeout(timer);
    clearTimeout(settling);
    signal.removeEventListener('abort', onAbort);
  }
}
