/** Restores a saved stack: the host's two machines with all levels inside, and new connections to all of them. */
import { seedFile } from '../../../stack/keys.ts';
import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { both } from '../../../lib/both.ts';
import { CheckError, toNestbenchError } from '../../../lib/errors.ts';
import type { LevelFacts } from '../../../../fixtures/records.ts';
import type { Console } from '../../../machine/console.ts';
import { hostMachine } from '../../../machine/host.ts';
import type { Machine } from '../../../machine/machine.ts';
import { endThese, findOwned } from '../../../machine/qemu/qemu-process.ts';
import { attach, consoleFile, type LaunchedQemu, reach } from '../../../stack/attach.ts';
import type { BootedMachine } from '../../../stack/machine-boot.ts';
import { Phases } from '../../../lib/phase-clock.ts';
import type { MachinePlan } from '../../../stack/machine-plan.ts';
import { pin } from '../../../stack/pin.ts';
import type { SavedAs, StackPlan } from '../stack-plan.ts';
import { type EmulatedStack, emulatedStack } from '../emulated-stack.ts';
import { bringUp, type BringUp, type StackOptions } from '../../../stack/running.ts';
import { openForward, spawnOnHost } from '../machines.ts';
import { incoming, loaded } from './migrate.ts';
import { proveStack } from './prove.ts';
import type { HOST_MACHINES } from './snapshot-record.ts';
import { resume } from './resume-machine.ts';
import { machinesOf } from './save-snapshot.ts';
import { findDamage, stateFile } from './saved-files.ts';
import type { Snapshot } from './snapshot-store.ts';

export interface RestoreOptions extends StackOptions {
  /** Whether its QEMUs are already running (prefetch.ts): then they are taken over. */
  readonly isPrefetched?: boolean;
  /**
   * Checks every machine as after a boot, to prove a snapshot that was just saved. Its value is the kernel's release.
   */
  readonly prove?: string;
}

/** A restored stack, and how far the clocks of its machines were behind. */
export interface Restored {
  readonly running: EmulatedStack;
  /** For the machine that was furthest behind, in seconds. */
  readonly behindSeconds: number;
}

interface Context extends BringUp {
  readonly saved: SavedAs;
  readonly snapshot: Snapshot;
  readonly isPrefetched: boolean;
  /** Called with how far a machine's clock was behind. */
  readonly onClock: (behindSeconds: number) => void;
}

/**
 * @throws NESTBENCH_CHECK_FAILED if the snapshot is damaged, or if the restored machine is not the saved one; and what
 * connecting to its machines throws.
 */
export async function restore(
  plan: StackPlan,
  snapshot: Snapshot,
  options: RestoreOptions,
): Promise<Restored> {
  const { record } = snapshot;
  let behindSeconds = 0;
  const { isPrefetched = false, prove } = options;
  const intact = assertIntact(snapshot, plan.saved, options.signal);
  // The code that awaits it may have failed before.
  intact.catch(() => {});
  const restoring = bringUp(plan, { ...options, isPrepared: isPrefetched }, async (up) => {
    // Nothing of a damaged machine is waited for.
    intact.catch((thrown: unknown) => up.onFailure(toNestbenchError(thrown)));
    if (!isPrefetched) bringFiles(plan, snapshot, options);
    const context: Context = {
      ...up,
      saved: plan.saved,
      snapshot,
      isPrefetched,
      onClock: (seconds) => (behindSeconds = Math.max(behindSeconds, seconds)),
    };
    const [serverPlan, ...guestPlans] = plan.levels;
    const bringLevels = async (): Promise<readonly [BootedMachine, ...BootedMachine[]]> => {
      const connected = await restoreOnHost(serverPlan, 'server', context);
      const [server, guests] = await both(
        resumed(connected, context),
        reconnectGuests(guestPlans, connected.machine, context),
      );
      // They are restored concurrently, so together they are one phase.
      server.phases.lap('guests: connections');
      return [server, ...guests];
    };
    const bringClient = async (): Promise<BootedMachine> => {
      const client = await resumed(await restoreOnHost(plan.client, 'client', context), context);
      client.phases.lap('client: checks');
      return client;
    };
    const [levels, client] = await both(up.explained(bringLevels()), up.explained(bringClient()));
    if (prove !== undefined) {
      await up.explained(proveStack(client, levels, prove, up.signal));
      levels[0].phases.lap('guests: checks');
    }
    await intact;
    return { keys: record.keys, client, server: levels[0], levels };
  });
  try {
    return { running: emulatedStack(plan, await restoring), behindSeconds };
  } catch (thrown) {
    // With a damaged file QEMU may end before the damage is found: then report the damage, not QEMU's error.
    await intact;
    throw thrown;
  }
}

async function assertIntact(snapshot: Snapshot, { tools }: SavedAs, signal: AbortSignal): Promise<void> {
  const damage = await findDamage(snapshot, tools, signal);
  if (damage === undefined) return;
  throw new CheckError({ message: damage, machine: 'host' });
}

/** The disk with the keys, and the consoles of the boot. From there on each console is a new one. */
export function bringFiles(
  plan: StackPlan,
  { directory }: Snapshot,
  { runtime, logs }: Pick<StackOptions, 'runtime' | 'logs'>,
): void {
  copyFileSync(seedFile(directory), seedFile(runtime));
  for (const { name } of machinesOf(plan)) {
    const file = consoleFile(logs, name);
    const kept = path.join(directory, path.basename(file));
    if (existsSync(kept)) copyFileSync(kept, file);
  }
}

/** The plan of a machine that loads its state from the snapshot. */
export function restored(
  plan: MachinePlan,
  saved: SavedAs,
  { directory }: Snapshot,
  file: (typeof HOST_MACHINES)[number],
): MachinePlan {
  return { ...plan, qemu: { ...plan.qemu, incoming: incoming(saved, stateFile(directory, file)) } };
}

/** A restored machine whose clock and random numbers are not yet updated. */
type Connected = Omit<BootedMachine, 'facts'> & Pick<LevelFacts, 'pinned'>;

/** Starts one of the host's QEMUs with the state of its machine, which continues. */
async function restoreOnHost(
  plan: MachinePlan,
  file: (typeof HOST_MACHINES)[number],
  context: Context,
): Promise<Connected> {
  const { signal, snapshot, saved } = context;
  const host = hostMachine();
  const phases = new Phases();
  const launched = context.isPrefetched
    ? takeOver(context)
    : await spawnOnHost(restored(plan, saved, snapshot, file), context);
  const { qmp, console } = await attach(plan, launched, { ...context, below: host, goesOn: true });
  await loaded(plan.name, qmp, signal);
  const pinned = await pin(plan, qmp, host, signal);
  phases.lap(`${plan.name}: restore`);
  await qmp.execute('cont');
  const open = await openForward(plan, qmp);
  const machine = await reach(plan, { ...context, keys: snapshot.record.keys, open, console: () => console });
  phases.lap(`${plan.name}: SSH`);
  return { plan, machine, qmp, console, phases, pinned };
}

/**
 * Another process started it, and notices its end; this one notices it by QMP. Once the testbed's lock is lost, the next
 * run has its machines in the same directory, so only those that are there now are ended.
 */
function takeOver({ runtime, defer }: Context): LaunchedQemu {
  const owned = findOwned(runtime);
  defer(() => endThese(owned));
  return {};
}

/** Connects to all guests at once: each is reached through the server, and its QEMU through the machine below. */
async function reconnectGuests(
  plans: readonly MachinePlan[],
  server: Machine,
  context: Context,
): Promise<BootedMachine[]> {
  const { signal } = context;
  const guests: Promise<BootedMachine>[] = [];
  let below: Promise<Machine> = Promise.resolve(server);
  for (const plan of plans) {
    let console: Console | undefined;
    const machine = reach(plan, {
      ...context,
      keys: context.snapshot.record.keys,
      open: (limit) => server.connect(plan.address, 22, limit),
      console: () => console,
    });
    const reconnect = async (hypervisor: Promise<Machine>): Promise<BootedMachine> => {
      // Its QEMU is reached through the machine below, which need not be waited for.
      const [attached, reached] = await both(
        hypervisor.then(async (runner) => {
          const its = await attach(plan, {}, { ...context, below: runner, goesOn: true });
          ({ console } = its);
          return its;
        }),
        machine.then(async (its) => ({
          machine: its,
          facts: await resumeMachine({ plan, machine: its }, context),
        })),
      );
      return { plan, ...attached, ...reached, phases: new Phases() };
    };
    guests.push(reconnect(below));
    below = machine;
  }
  await Promise.allSettled(guests);
  signal.throwIfAborted();
  return Promise.all(guests);
}

/** The machine with updated clock and random numbers, and its facts. */
async function resumed({ pinned, ...connected }: Connected, context: Context): Promise<BootedMachine> {
  return { ...connected, facts: { ...(await resumeMachine(connected, context)), pinned } };
}

/**
 * @returns its facts since it was saved.
 */
async function resumeMachine(
  { plan, machine }: Pick<Connected, 'plan' | 'machine'>,
  { snapshot: { name, record }, signal, onClock }: Context,
): Promise<LevelFacts> {
  const { deadlineSeconds } = plan;
  onClock(await resume(machine, record.bootIds[plan.name], { signal, deadlineSeconds }));
  const facts = plan.name === 'client' ? record.facts.client : record.facts.levels[plan.level];
  if (facts !== undefined) return facts;
  throw new CheckError({ message: `The snapshot ${name} has no facts of ${plan.name}.`, machine: plan.name });
}
