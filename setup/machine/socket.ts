/** Connects to a Unix socket that a program will create. */
import type { Duplex } from 'node:stream';
import { toNestbenchError } from '../lib/errors.ts';
import type { Machine } from './machine.ts';
import { waitUntil } from '../lib/wait.ts';

/** Between attempts. */
const POLL_MS = 50;

/**
 * Connects to a Unix socket on a machine, once it exists.
 * @param what the socket, for the error.
 * @throws NESTBENCH_DEADLINE with why it could not be opened, or what `openSocket` throws once it was stopped.
 */
export function openSocketOnceThere(
  machine: Machine,
  socket: string,
  what: string,
  options: { readonly deadlineSeconds: number; readonly signal: AbortSignal },
): Promise<Duplex> {
  return waitUntil(
    what,
    async (context) => {
      try {
        return await machine.openSocket(socket, context.signal);
      } catch (error) {
        if (context.signal.aborted) throw error;
        context.saw(toNestbenchError(error).message);
        return undefined;
      }
    },
    { machine: machine.name, intervalMs: POLL_MS, ...options },
  );
}
