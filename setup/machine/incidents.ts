/**
 * What makes a sample worthless although its tool exited with 0 and printed a number: processes that a signal killed, and a time
 * of day that was set. nestbench-incidents (setup/build/image/guest/incidents.c) is asked after each sample, on the machines
 * that ran any part of it.
 */
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { ANSWER_SECONDS, LineProgram } from './line-program.ts';
import type { Machine } from './machine.ts';
import { openSocketOnceThere } from './socket.ts';

/** Where guest/start and physical/machine/set-up let it listen. */
const INCIDENTS_SOCKET = '/run/nestbench/incidents';

const count = z.number().int().nonnegative();

const answer = z.object({
  /** Names, signals and numbers of processes, since the last request. */
  killed: z.array(z.tuple([z.string(), count, count])).nullable(),
  /** Since the machine booted. */
  oomKills: count.nullable(),
  /** Seconds since 1970, by its own time of day. */
  bootedAt: z.number(),
});

/**
 * The program reads its two clocks within this time of each other, unless all its readings are interrupted. Adjusting a clock's
 * speed, as NTP does, moves both alike (clock_gettime(2)).
 */
const SAME_SECONDS = 0.01;

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** What happened on a machine between two requests. */
export interface Incidents {
  readonly machine: string;
  /** Also empty if its kernel has no process accounting. */
  readonly processes: readonly { readonly name: string; readonly signal: string; readonly count: number }[];
  /** How many processes the kernel killed because memory ran out; also 0 if it does not count them. */
  readonly oomKills: number;
  /** How far ahead, or with a minus back, the time of day was set; 0 if it was not. */
  readonly clockSetSeconds: number;
}

export class IncidentReports implements Disposable {
  readonly #machine: string;
  readonly #program: LineProgram<z.infer<typeof answer>>;
  #oomKills: number | null = null;
  #bootedAt: number | undefined;

  constructor(machine: string, stream: Duplex) {
    this.#machine = machine;
    this.#program = new LineProgram(machine, stream, {
      name: 'that reports incidents',
      loss: 'Without it, a sample whose workers were killed, or whose clock was set, looks like any other.',
      request: 'incidents',
      answer,
    });
  }

  /**
   * Since the last request.
   * @throws what `LineProgram.ask` throws.
   */
  async sinceLast(signal: AbortSignal): Promise<Incidents> {
    const { killed, oomKills, bootedAt } = await this.#program.ask(signal);
    const before = this.#oomKills ?? oomKills ?? 0;
    this.#oomKills = oomKills;
    const set = bootedAt - (this.#bootedAt ?? bootedAt);
    this.#bootedAt = bootedAt;
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
      clockSetSeconds: Math.abs(set) > SAME_SECONDS ? set : 0,
    };
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
  }
}

/**
 * @throws NESTBENCH_DEADLINE if the program does not run there, or what `openSocket` throws once it was stopped.
 */
export async function connectIncidents(
  machine: Machine,
  signal: AbortSignal,
  socket = INCIDENTS_SOCKET,
): Promise<IncidentReports> {
  const what = `the program that reports incidents, on ${socket}`;
  const stream = await openSocketOnceThere(machine, socket, what, {
    deadlineSeconds: ANSWER_SECONDS,
    signal,
  });
  return new IncidentReports(machine.name, stream);
}
