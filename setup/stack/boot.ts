/** Boots the stack of a cell: the client and the server, then level by level inside the server. */
import { mkdir } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import type { Target } from '../../fixtures/benchmarks/benchmark.ts';
import { levelName } from '../../fixtures/matrix.ts';
import type { LevelFacts } from '../../fixtures/records.ts';
import type { NestbenchError } from '../errors.ts';
import { connectCounters, type Counters } from '../machine/counters.ts';
import type { Machine } from '../machine/machine.ts';
import { bootOnHost } from '../testbed/emulated.ts';
import { type Keys, makeKeys } from '../testbed/keys.ts';
import { type BootedMachine, bootMachine, type BootOptions, died } from './machine-boot.ts';
import type { FactsCheck } from './facts.ts';
import { checkIdle, handOn } from './hand-on.ts';
import type { Phase } from './phases.ts';
import { EXPECTED_SECONDS, type MachinePlan, type StackPlan } from './plan.ts';
import { Troubles } from './troubles.ts';

export interface StackOptions {
  /** Where sockets and keys live while the stack does; the same that the plan was made for. */
  readonly runtime: string;
  /** Where consoles and QEMU's own output are kept: beside the journal. */
  readonly logs: string;
  /** The kernel release that every machine must come up with. */
  readonly kernelRelease: string;
  /** What must be true of every machine once it is up; all that was planned, unless told otherwise. */
  readonly check?: FactsCheck;
  readonly signal: AbortSignal;
  /** Told of what is done, for progress. */
  readonly onStep?: (text: string, secondsLeft?: number) => void;
}

/** A stack that is up and checked; disposing it ends every machine of it. */
export interface RunningStack extends AsyncDisposable {
  readonly plan: StackPlan;
  readonly client: Machine;
  /** The machine of the level under test. */
  readonly target: Machine;
  /** L0 first. */
  readonly machines: readonly Machine[];
  /** What L0 counts: exits of its guest, CPU time of its processes. */
  readonly counters: Counters;
  readonly facts: { readonly levels: readonly LevelFacts[]; readonly client: LevelFacts };
  readonly phases: readonly Phase[];
  /** From the start of the first machine to the last check. */
  readonly seconds: number;
  /** The level under test and the client, as benchmarks' command lines need to know them. */
  readonly underTest: Target;
  /** Aborted with a NestbenchError once a machine of it panics, dies or is lost, or the run is stopped. */
  readonly signal: AbortSignal;
  /** Why something failed on it: a lost connection, say, is as a rule a guest that panicked. Takes about a second. */
  causeOf(error: unknown): Promise<NestbenchError>;
}

/**
 * Boots `plan` level by level; resolves once the last level answers over SSH and every level is what was planned.
 * On failure and on abort nothing of it is left running.
 * @throws NestbenchError with the level that failed, as `bootMachine` does.
 */
export async function boot(plan: StackPlan, options: StackOptions): Promise<RunningStack> {
  const began = performance.now();
  await using started = new AsyncDisposableStack();
  const troubles = new Troubles(options.signal);
  const empty = (): void => rmSync(options.runtime, { recursive: true, force: true });
  empty();
  // Keys and sockets are of no use to anybody once the machines are gone.
  started.defer(empty);
  await mkdir(options.runtime, { recursive: true, mode: 0o700 });
  await mkdir(options.logs, { recursive: true });
  const keys = await makeKeys(options.runtime, options.signal);
  const { signal } = troubles;
  const common = { ...options, keys, signal, onTrouble: (error: NestbenchError) => troubles.report(error) };

  const [serverPlan, ...guestPlans] = plan.levels;
  const left = (from: number): number =>
    plan.levels.slice(from).reduce((sum, { level }) => sum + EXPECTED_SECONDS[level], 0);
  const defer = (end: () => PromiseLike<void>): void => started.defer(end);
  options.onStep?.('booting the server', left(0));
  const explained = <T>(work: Promise<T>): Promise<T> =>
    work.catch(async (error: unknown) => {
      throw await troubles.causeOf(error);
    });
  const server = await explained(bootOnHost(serverPlan, { ...common, defer }));
  const bootGuests = async (): Promise<BootedMachine[]> => {
    const levels = [server];
    for (const guestPlan of guestPlans) {
      options.onStep?.(`booting ${levelName(guestPlan.level)}`, left(guestPlan.level));
      const below = await handOn(levels.pop() ?? server, signal);
      const guest = await bootGuest(guestPlan, below.machine, server.machine, common);
      levels.push(await checkIdle(below, guest, signal), guest);
    }
    return levels;
  };
  // The guests come up one after another on few vCPUs: the client's boot has a core of the host to itself beside them.
  const [levels, client] = await both(
    explained(bootGuests()),
    explained(bootOnHost(plan.client, { ...common, defer })),
  );
  signal.throwIfAborted();
  const counters = await explained(connectCounters(server.machine, signal));

  const last = levels.at(-1) ?? server;
  const owned = started.move();
  return {
    plan,
    client: client.machine,
    target: last.machine,
    machines: levels.map(({ machine }) => machine),
    counters,
    facts: { levels: levels.map(({ facts }) => facts), client: client.facts },
    phases: [...client.phases.list, ...levels.flatMap(({ phases }) => phases.list)],
    seconds: (performance.now() - began) / 1000,
    underTest: {
      address: last.plan.address,
      cpus: last.plan.cpus,
      clientCpus: client.plan.cpus,
    },
    signal,
    causeOf: (error) => troubles.causeOf(error),
    [Symbol.asyncDispose]: async () => {
      troubles.end();
      counters[Symbol.dispose]();
      try {
        for (const { machine } of [client, ...levels].toReversed()) await machine[Symbol.asyncDispose]();
      } finally {
        await owned.disposeAsync();
      }
    },
  };
}

/** Boots a level inside the one below it. It ends with the server, in whose memory all of it is. */
function bootGuest(
  plan: MachinePlan,
  below: Machine,
  server: Machine,
  options: Omit<BootOptions, 'below' | 'launch' | 'openSsh'> & { readonly keys: Keys },
): Promise<BootedMachine> {
  return bootMachine(plan, {
    ...options,
    below,
    launch: async (signal) => {
      const { deadlineSeconds } = plan;
      const qemu = await below.run(plan.qemu.argv, { signal, deadlineSeconds });
      if (qemu.exitCode !== 0) throw died(plan, `${qemu.stdout}${qemu.stderr}`, undefined);
      return {};
    },
    openSsh: async () => (signal) => server.connect(plan.address, 22, signal),
  });
}

/** Both, or the first's failure before the second's, once neither runs any more. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const work = [first, second] as const;
  await Promise.allSettled(work);
  return Promise.all(work);
}
