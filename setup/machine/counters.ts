/**
 * What L0 has counted so far: exits of its guests, and the CPU time of its processes. A program of ours
 * (setup/build/guest/counters.c) runs there for the life of the stack and answers on a Unix socket, so that a
 * snapshot costs one round trip and starts no process; in between it sleeps.
 */
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { KVM_COUNTERS } from '../../fixtures/kvm-counters.ts';
import { NestbenchError } from '../errors.ts';
import { connectionLost, reasonOf } from './failures.ts';
import { LineSplitter } from './lines.ts';
import type { Machine } from './machine.ts';
import { openSocketOnceThere } from './socket.ts';
import { withDeadline } from './wait.ts';

/** Where guest/start has it listen. */
export const COUNTERS_SOCKET = '/run/nestbench/counters';

/** A snapshot took 2 to 20 ms on an emulated server; one that takes so long will never come. */
const DEADLINE_SECONDS = 60;

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
 * every process with all its threads. A process whose `kernel` is true is a thread of the kernel.
 */
export type Snapshot = z.infer<typeof snapshot>;

export class Counters implements Disposable {
  readonly #machine: string;
  readonly #stream: Duplex;
  #waiting: PromiseWithResolvers<string> | undefined;
  #lost: NestbenchError | undefined;

  constructor(machine: string, stream: Duplex) {
    this.#machine = machine;
    this.#stream = stream;
    const lines = new LineSplitter();
    stream
      .on('data', (chunk: Buffer) => {
        for (const line of lines.push(chunk)) this.#waiting?.resolve(line);
      })
      .on('error', (error) => this.#end(reasonOf(error)))
      .on('end', () => this.#end('it closed the connection'))
      .on('close', () => this.#end('its connection was closed'));
  }

  /**
   * What it has counted until now. One at a time.
   * @throws NESTBENCH_CONNECTION_LOST where the program or the way to it is gone, NESTBENCH_DEADLINE,
   * NESTBENCH_CHECK_FAILED where its answer makes no sense, or the signal's reason.
   */
  async snapshot(signal: AbortSignal): Promise<Snapshot> {
    if (this.#lost !== undefined) throw this.#lost;
    const waiting = Promise.withResolvers<string>();
    this.#waiting = waiting;
    this.#stream.write(`${KVM_COUNTERS.join(' ')}\n`);
    try {
      const line = await withDeadline(
        'what it has counted',
        DEADLINE_SECONDS,
        signal,
        () => waiting.promise,
        this.#machine,
      );
      return this.#parse(line);
    } catch (error) {
      // An answer that comes later would be taken for that to the next question.
      this.#end('it did not answer in time');
      throw error;
    } finally {
      this.#waiting = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#end('it was ended');
    this.#stream.destroy();
  }

  #parse(line: string): Snapshot {
    try {
      return snapshot.parse(JSON.parse(line));
    } catch (error) {
      throw new NestbenchError(
        'NESTBENCH_CHECK_FAILED',
        'infrastructure',
        `What the program that counts exits on ${this.#machine} said makes no sense: ${reasonOf(error)}`,
        { machine: this.#machine, output: line.slice(0, 1000) },
      );
    }
  }

  #end(why: string): void {
    this.#lost ??= connectionLost(
      this.#machine,
      `The program that counts exits on ${this.#machine} is out of reach: ${why}. Without it neither exits nor what ran beside a sample is known.`,
    );
    this.#waiting?.reject(this.#lost);
  }
}

/** @throws NESTBENCH_DEADLINE where the program does not run there, or what `openSocket` throws once it was stopped. */
export async function connectCounters(
  machine: Machine,
  signal: AbortSignal,
  { socket = COUNTERS_SOCKET, deadlineSeconds = DEADLINE_SECONDS } = {},
): Promise<Counters> {
  const what = `the program that counts exits, on ${socket}`;
  const stream = await openSocketOnceThere(machine, socket, what, { deadlineSeconds, signal });
  return new Counters(machine.name, stream);
}
