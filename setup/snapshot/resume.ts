/** What a machine can't know when it goes on from a snapshot is made good, and that it is the one that was saved is proved. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { NestbenchError } from '../errors.ts';
import { pairsOf } from '../machine/lines.ts';
import type { Machine } from '../machine/machine.ts';

/** As much as the kernel's random numbers have of a key (CHACHA_KEY_SIZE, drivers/char/random.c). */
const SEED_BYTES = 32;
const NANOSECONDS = 1_000_000n;

/** What `nestbench-resume` prints. */
const resumed = z.object({ bootId: z.string(), behindSeconds: z.coerce.number() });

/**
 * Sets its clock and gives it random numbers of its own.
 * @param bootId of the kernel that was saved.
 * @returns how far its clock was behind, in seconds.
 * @throws NESTBENCH_CHECK_FAILED where another kernel answers.
 */
export async function resume(
  machine: Machine,
  bootId: string | undefined,
  options: { readonly signal: AbortSignal; readonly deadlineSeconds: number },
): Promise<number> {
  const seed = randomBytes(SEED_BYTES).toString('hex');
  const now = BigInt(Date.now()) * NANOSECONDS;
  const text = await machine.check(['nestbench-resume', seed, String(now)], options);
  const parsed = resumed.safeParse(pairsOf(text));
  if (parsed.success && parsed.data.bootId === bootId) return parsed.data.behindSeconds;
  throw new NestbenchError(
    'NESTBENCH_CHECK_FAILED',
    'infrastructure',
    `${machine.name} was to go on from a snapshot, and another kernel answers than the one that was saved (boot id ${bootId ?? 'unknown'}).`,
    { machine: machine.name, output: text },
  );
}
