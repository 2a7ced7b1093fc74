/**
 * Which processes of a machine were killed by a signal. A program whose workers were killed may exit with 0 and print a
 * number. So nestbench-killed (setup/build/image/guest/killed.c) is asked after each sample, on the machines that ran
 * any part of it.
 */
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { ANSWER_SECONDS, LineProgram } from './line-program.ts';
import type { Machine } from './machine.ts';
import { openSocketOnceThere } from './socket.ts';

/** Where guest/start and physical/machine/set-up let it listen. */
const KILLED_SOCKET = '/run/nestbench/killed';

const count = z.number().int().nonnegative();

const answer = z.object({
  /** Names, signals and numbers of processes, since the last request. */
  killed: z.array(z.tuple([z.string(), count, count])).nullable(),
  /** Since the machine booted. */
  oomKills: count.nullable(),
});

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** What was killed on a machine between two requests. */
export interface Killed {
  readonly machine: string;
  /** Also empty if its kernel has no process accounting. */
  readonly processes: readonly { readonly name: string; readonly signal: string; readonly count: number }[];
  /** How many processes the kernel killed because memory ran out; also 0 if it does not count them. */
  readonly oomKills: number;
}

export class KilledProcesses implements Disposable {
  readonly #machine: string;
  readonly #program: LineProgram<z.infer<typeof answer>>;
  #oomKills: number | null = null;

  constructor(machine: string, stream: Duplex) {
    this.#machine = machine;
    this.#program = new LineProgram(machine, stream, {
      name: 'that reports killed processes',
      loss: 'Without it, a sample whose workers were killed looks like any other.',
      request: 'killed',
      answer,
    });
  }

  /**
   * Since the last request.
   * @throws what `LineProgram.ask` throws.
   */
  async sinceLast(signal: AbortSignal): Promise<Killed> {
    const { killed, oomKills } = await this.#program.ask(signal);
    const before = this.#oomKills ?? oomKills ?? 0;
    this.#oomKills = oomKills;
    return {
      machine: this.#machine,
      processes: (killed ?? [])
        // Writers in a pipeline end this way once their reader has enough: `yes | head`.
        .filter(([, number]) => number !== constants.signals.SIGPIPE)
        .map(([name, number, times]) => ({
          name,
          signal: SIGNALS.get(number) ?? `signal ${number}`,
          count: times,
        })),
      oomKills: Math.max(0, (oomKills ?? 0) - before),
    };
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
  }
}

/**
 * @throws NESTBENCH_DEADLINE if the program does not run there, or what `openSocket` throws once it was stopped.
 */
export async function connectKilled(
  machine: Machine,
  signal: AbortSignal,
  socket = KILLED_SOCKET,
): Promise<KilledProcesses> {
  const what = `the program that reports killed processes, on ${socket}`;
  const stream = await openSocketOnceThere(machine, socket, what, {
    deadlineSeconds: ANSWER_SECONDS,
    signal,
  });
  return new KilledProcesses(machine.name, stream);
}
