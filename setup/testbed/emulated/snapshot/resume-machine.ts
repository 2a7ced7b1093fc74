/** Updates what a machine can't know after a restore, and proves that it is the machine that was saved. */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { CheckError } from '../../../lib/errors.ts';
import type { Machine } from '../../../machine/machine.ts';
import { withDeadline } from '../../../lib/wait.ts';

/** Where guest/start lets nestbench-resume listen. */
const SOCKET = '/run/nestbench/resume';
/** The size of the key of the kernel's random number generator (CHACHA_KEY_SIZE, drivers/char/random.c). */
const SEED_BYTES = 32;
const NANOSECONDS = 1_000_000n;

const answer = z.union([
  z.object({ bootId: z.string(), behindSeconds: z.number() }),
  z.object({ fault: z.string() }),
]);

/**
 * Sets its clock and gives it new random numbers.
 * @param bootId of the kernel that was saved.
 * @returns how far its clock was behind, in seconds.
 * @throws NESTBENCH_CHECK_FAILED if that failed, or another kernel answers; NESTBENCH_DEADLINE; what `openSocket`
 * throws.
 */
export async function resume(
  machine: Machine,
  bootId: string | undefined,
  options: { readonly signal: AbortSignal; readonly deadlineSeconds: number; readonly socket?: string },
): Promise<number> {
  const { signal, deadlineSeconds, socket = SOCKET } = options;
  const what = 'its answer to what time it is';
  const said = await withDeadline(
    what,
    deadlineSeconds,
    signal,
    (limit) => ask(machine, socket, limit),
    machine.name,
  );
  const parsed = answer.safeParse(parseJson(said));
  if (parsed.success && 'bootId' in parsed.data && parsed.data.bootId === bootId) {
    return parsed.data.behindSeconds;
  }
  const why =
    parsed.success && 'bootId' in parsed.data
      ? `another kernel answers than the one that was saved (boot id ${bootId ?? 'unknown'})`
      : `its clock and its random numbers could not be set (${parsed.success && 'fault' in parsed.data ? parsed.data.fault : 'it gave no answer'})`;
  throw new CheckError({
    message: `${machine.name} was to resume from a snapshot, but ${why}.`,
    machine: machine.name,
    output: said,
  });
}

async function ask(machine: Machine, socket: string, signal: AbortSignal): Promise<string> {
  const stream = await machine.openSocket(socket, signal);
  const stop = (): void => void stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    const seed = randomBytes(SEED_BYTES).toString('hex');
    // As late as possible, since the machine sets its clock to this.
    stream.write(`${seed} ${BigInt(Date.now()) * NANOSECONDS}\n`);
    return await text(stream);
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
