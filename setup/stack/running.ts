/** A running stack: its facts, how it is ended, and what all ways to bring one up have in common. */
import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Target } from '../../fixtures/benchmarks/benchmark.ts';
import type { Clock } from '../../fixtures/clock.ts';
import type { AnyMechanism } from '../../fixtures/configurations/mechanisms.ts';
import type { LevelFacts } from '../../fixtures/records.ts';
import type { NestbenchError } from '../lib/errors.ts';
import type { HostReading } from '../machine/contention.ts';
import { connectCounters, type Counters } from '../machine/counters.ts';
import { connectIncidents, type IncidentReports } from '../machine/incidents.ts';
import type { Machine } from '../machine/machine.ts';
import { type Cell, configurationOf } from '../../fixtures/matrix.ts';
import type { UpMachine } from './machine-boot.ts';
import { mechanismsOn } from './mechanisms-on.ts';
import type { Phase } from '../lib/phase-clock.ts';
import { FailureMonitor } from './failure-monitor.ts';
import { OwnDirectory } from '../lib/own-directory.ts';
import { watchRuntime } from './watch-runtime.ts';

export interface StackOptions {
  /** Where sockets and keys are while the stack runs; the same directory that the plan was made for. */
  readonly runtime: string;
  /** Where consoles and QEMU's own output are kept: next to the journal. */
  readonly logs: string;
  readonly signal: AbortSignal;
  /** Whether the runtime directory has already been prepared, with its contents. */
  readonly isPrepared?: boolean;
  /** Called with each step, for progress. */
  readonly onStep?: (text: string, secondsLeft?: number) => void;
}

/** A stack that is up and checked; disposing it ends all its machines. */
export interface RunningStack extends AsyncDisposable {
  readonly cell: Cell;
  readonly clock: Clock;
  readonly client: Machine;
  /** The machine of the level under test. */
  readonly target: Machine;
  /** L0 first. */
  readonly machines: readonly Machine[];
  /** What L0 counts: exits of its guest, CPU time of its processes. */
  readonly counters: Counters;
  /** Who has used the CPUs of the host, if its machines run on the host. */
  readonly host?: () => HostReading | undefined;
  /** The mechanisms of direct virtual hardware that are on for the level under test. */
  readonly mechanisms: readonly AnyMechanism[];
  /** Of the level under test and the client. */
  readonly incidents: readonly IncidentReports[];
  readonly facts: { readonly levels: readonly LevelFacts[]; readonly client: LevelFacts };
  readonly phases: readonly Phase[];
  /** From the start of the first machine to the last check. */
  readonly seconds: number;
  /** What benchmarks' command lines need to know about the level under test and the client. */
  readonly underTest: Target;
  /** Aborted with a NestbenchError once a machine of it panics, dies or is lost, or the run is stopped. */
  readonly signal: AbortSignal;
  /**
   * Why something failed on it: a lost connection, for example, usually means that a guest panicked. Takes about a
   * second.
   */
  causeOf(error: unknown): Promise<NestbenchError>;
}

/** What is needed to bring up the machines of a stack. */
export interface BringUp extends StackOptions {
  /** Registers what ends a machine of the host, as soon as there is something to end. */
  readonly defer: (end: () => PromiseLike<void>) => void;
  readonly onFailure: (error: NestbenchError) => void;
  /** The work's result; or, if it failed, the cause of everything that went wrong in the same second. */
  readonly explained: <T>(work: Promise<T>) => Promise<T>;
}

interface Up {
  readonly client: UpMachine;
  /** L0 first. */
  readonly levels: readonly [UpMachine, ...UpMachine[]];
}

/** What was brought up, ready for measuring and as `work` returned it. */
export interface BroughtUp<U extends Up> {
  readonly stack: RunningStack;
  readonly up: U;
  /** Closes every connection to its machines. Afterwards it can only be disposed. */
  readonly disconnect: () => Promise<void>;
}

/**
 * Brings the machines of a cell up with `work`, in an empty runtime directory. On failure and on abort nothing of them
 * is left running.
 * @throws NestbenchError with the machine that failed.
 */
export async function bringUp<U extends Up>(
  { cell, clock }: { readonly cell: Cell; readonly clock: Clock },
  options: StackOptions,
  work: (up: BringUp) => Promise<U>,
): Promise<BroughtUp<U>> {
  const began = performance.now();
  await using started = new AsyncDisposableStack();
  const failures = new FailureMonitor(options.signal);
  const { signal } = failures;
  if (options.isPrepared !== true) await prepareRuntime(options.runtime, options.logs);
  const own = new OwnDirectory(options.runtime);
  // Keys and sockets are useless once the machines have ended.
  started.defer(() => own.remove());
  started.use(watchRuntime(options.runtime, (error) => failures.report(error)));
  const explained = <T>(attempt: Promise<T>): Promise<T> =>
    attempt.catch(async (error: unknown) => {
      throw await failures.causeOf(error);
    });
  const up = await work({
    ...options,
    signal,
    defer: (end) => started.defer(end),
    onFailure: (error) => failures.report(error),
    explained,
  });
  signal.throwIfAborted();
  const { client, levels } = up;
  const [server] = levels;
  const last = levels.at(-1) ?? server;
  const [counters, ...incidents] = await explained(
    Promise.all([
      connectCounters(server.machine, signal),
      connectIncidents(last.machine, signal),
      connectIncidents(client.machine, signal),
    ]),
  );

  const owned = started.move();
  const disconnect = async (): Promise<void> => {
    failures.end();
    for (const program of [counters, ...incidents]) program[Symbol.dispose]();
    for (const { machine } of [client, ...levels].toReversed()) await machine[Symbol.asyncDispose]();
  };
  const configuration = configurationOf(cell);
  const stack: RunningStack = {
    cell,
    clock,
    client: client.machine,
    target: last.machine,
    machines: levels.map(({ machine }) => machine),
    counters,
    mechanisms: mechanismsOn(levels, configuration),
    incidents,
    facts: { levels: levels.map(({ facts }) => facts), client: client.facts },
    phases: [...client.phases.list, ...levels.flatMap(({ phases }) => phases.list)],
    seconds: (performance.now() - began) / 1000,
    underTest: {
      address: last.plan.address,
      cpus: last.plan.cpus,
      // As found: a user's client may have been booted with fewer CPUs than it has.
      clientCpus: client.facts.cpus,
      passesHalts: configuration.virtualIdle === true,
      ...(last.plan.dataDirectory !== undefined && { dataDirectory: last.plan.dataDirectory }),
    },
    signal,
    causeOf: (error) => failures.causeOf(error),
    [Symbol.asyncDispose]: async () => {
      try {
        await disconnect();
      } finally {
        await owned.disposeAsync();
      }
    },
  };
  return { stack, up, disconnect };
}

/** An empty runtime directory, and a place for logs. */
export async function prepareRuntime(runtime: string, logs: string): Promise<void> {
  rmSync(runtime, { recursive: true, force: true });
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  await mkdir(logs, { recursive: true });
}
