/**
 * What L0 has counted so far: exits of its guests, and the CPU time of its processes. A program of nestbench
 * (setup/build/image/guest/counters.c) runs there as long as the stack and answers on a Unix socket, so that a reading
 * costs one round trip and starts no process; in between it sleeps.
 */
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { DVH_COUNTERS, KVM_COUNTERS } from '../../fixtures/kvm-counters.ts';
import { ANSWER_SECONDS, LineProgram } from './line-program.ts';
import type { Machine } from './machine.ts';
import { openSocketOnceThere } from './socket.ts';

/** Where guest/start lets it listen. */
export const COUNTERS_SOCKET = '/run/nestbench/counters';

const count = z.number().int().nonnegative();

const snapshot = z
  .object({
    nanoseconds: count,
    kvm: z.record(z.string(), count),
    processes: z.array(z.tuple([count, z.string(), z.union([z.literal(0), z.literal(1)]), count])),
  })
  .transform(({ processes, ...rest }) => ({
    ...rest,
    processes: processes.map(([pid, name, kernel, nanoseconds]) => ({
      pid,
      name,
      kernel: kernel === 1,
      nanoseconds,
    })),
  }));

/**
 * A moment on the machine: its monotonic clock, what KVM has counted in all its virtual machines, and the CPU time of
 * every process with all its threads. A process whose `kernel` is true is a kernel thread.
 */
export type Snapshot = z.infer<typeof snapshot>;

export class Counters implements Disposable {
  readonly #program: LineProgram<Snapshot>;

  constructor(machine: string, stream: Duplex) {
    this.#program = new LineProgram(machine, stream, {
      name: 'that counts exits',
      loss: 'Without it, neither the exits nor what ran next to a sample is known.',
      request: KVM_COUNTERS.join(' '),
      answer: snapshot,
    });
  }

  /**
   * The counts until now. One request at a time.
   * @throws what `LineProgram.ask` throws.
   */
  snapshot(signal: AbortSignal): Promise<Snapshot> {
    return this.#program.ask(signal);
  }

  /** The counters of direct virtual hardware that this kernel has, and all HLTs that it emulated, by name. */
  async dvh(signal: AbortSignal): Promise<Snapshot['kvm']> {
    return (await this.#program.ask(signal, [...DVH_COUNTERS, 'halt_exits'].join(' '))).kvm;
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
  }
}

/**
 * @throws NESTBENCH_DEADLINE if the program does not run there, or what `openSocket` throws once it was stopped.
 */
export async function connectCounters(
  machine: Machine,
  signal: AbortSignal,
  { socket = COUNTERS_SOCKET, deadlineSeconds = ANSWER_SECONDS } = {},
): Promise<Counters> {
  const what = `the program that counts exits, on ${socket}`;
  const stream = await openSocketOnceThere(machine, socket, what, { deadlineSeconds, signal });
  const counters = new Counters(machine.name, stream);
  // The first reading after a restore runs cold: in a sample of 2 s it took L0 up to 10 ms more.
  await counters.snapshot(signal);
  return counters;
}
