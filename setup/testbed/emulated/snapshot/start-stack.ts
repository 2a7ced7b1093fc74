/** How a cell's stack is started: restored from its snapshot, or booted; and if booted, saved for the next time. */
import type { Benchmark } from '../../../../fixtures/benchmarks/benchmark.ts';
import { type ErrorCode, toNestbenchError } from '../../../lib/errors.ts';
import { endOwned, findOwned } from '../../../machine/qemu/qemu-process.ts';
import type { BootKind } from '../../../run/settings.ts';
import { primed } from '../../prime.ts';
import type { Started } from '../../testbed.ts';
import { boot, type BootStackOptions } from '../boot.ts';
import type { Phase } from '../../../lib/phase-clock.ts';
import type { StackPlan } from '../stack-plan.ts';
import type { EmulatedStack } from '../emulated-stack.ts';
import { type Identity, snapshotName } from './identity.ts';
import type { Prefetched } from './prefetch.ts';
import { type Restored, restore } from './restore-snapshot.ts';
import { save } from './save-snapshot.ts';
import { HOST_MACHINES } from './snapshot-record.ts';
import {
  dropSnapshot,
  findSnapshot,
  keepSnapshot,
  newPlace,
  pruneSnapshots,
  type Snapshot,
  touchSnapshot,
} from './snapshot-store.ts';

export interface StartStackOptions extends BootStackOptions {
  readonly boot: BootKind;
  readonly identity: Identity;
  /** The maximum size of all snapshots together. */
  readonly limitBytes: number;
  /**
   * All benchmarks that any run may measure on such a stack, unless it is measured as booted. It is primed with all of
   * them, whatever is measured now, because earlier programs remain in the memory of every level.
   */
  readonly primedWith: readonly Benchmark[];
  /** What was started for the first cell before its worker. */
  readonly prefetched?: Prefetched | undefined;
  /** Called with sentences about what happens to snapshots. */
  readonly say: (sentence: string) => void;
}

/** Of these a sound snapshot may be innocent: somebody ended a QEMU, or removed its sockets. */
const NOT_OF_SNAPSHOT: ReadonlySet<ErrorCode> = new Set(['NESTBENCH_GUEST_DIED', 'NESTBENCH_RUNTIME_GONE']);

type Brought = Omit<Started, 'seconds'>;

/**
 * A snapshot that can't be restored as it was saved is dropped, and the cell boots as if there were none.
 * @throws what `boot` throws.
 */
export async function startStack(plan: StackPlan, options: StartStackOptions): Promise<Started> {
  const began = performance.now();
  const brought = await bring(plan, options);
  return { ...brought, seconds: (performance.now() - began) / 1000 };
}

async function bring(plan: StackPlan, options: StartStackOptions): Promise<Brought> {
  if (options.boot === 'cold') return startCold(plan, options);
  if (options.boot === 'once') return startUnsaved(plan, 'asked for', options);
  const { prefetched, identity, runtime, say } = options;
  const found = await findSnapshot(plan.cell.name, identity, say);
  const isStarted = found !== undefined && prefetched?.snapshot === found.name;
  // A machine that ended meanwhile says nothing about the snapshot. Its socket would be waited for in vain.
  const isPrefetched = isStarted && findOwned(runtime).length === HOST_MACHINES.length;
  if (isStarted && !isPrefetched)
    say('A machine that was started in advance has ended before it was needed, so both are started again.');
  // They belong to another cell, or to a snapshot that has been removed: nobody else ends them before the run does.
  if (prefetched !== undefined && !isPrefetched) await endOwned(runtime);
  const restored = found && (await tryRestore(plan, found, { ...options, isPrefetched }));
  if (found === undefined || restored === undefined) return startSaved(plan, options);
  return broughtBack(restored, found, 'warm', []);
}

/**
 * Boots, then continues with a restore from a snapshot that is not kept, so that cold measurements have the same state
 * as warm ones. (Primed only with what was measured, and without the restore, hackbench differed by 12.5 %, over 8
 * boots each; with only the restore netperf was equal but not hackbench; with both no difference was left.
 * docs/warm-starts.md.)
 */
async function startCold(plan: StackPlan, options: StartStackOptions): Promise<Brought> {
  const came = await comeBack(plan, options);
  if ('why' in came) return startAgain(plan, came.why, options);
  const { restored, saved, before } = came;
  await dropSnapshot(saved.directory);
  const { running } = restored;
  return {
    running,
    start: { kind: 'cold', why: 'asked for', state: 'restored' },
    phases: [...before, ...running.phases],
  };
}

/** Boots, saves, and continues with a restore, so that a snapshot is kept only after a successful restore. */
async function startSaved(plan: StackPlan, options: StartStackOptions): Promise<Brought> {
  const came = await comeBack(plan, options);
  if ('why' in came) return startAgain(plan, came.why, options);
  const { restored, saved, before } = came;
  await keep(saved, options);
  return broughtBack(restored, saved, 'saved', before);
}

/** When no snapshot could be made. */
function startAgain(plan: StackPlan, why: string, options: StartStackOptions): Promise<Brought> {
  options.say(`${why} The cell boots again, and is measured as booted.`);
  return startUnsaved(plan, why, options);
}

async function startUnsaved(plan: StackPlan, why: string, options: StartStackOptions): Promise<Brought> {
  const { stack, phases } = await bootPrimed(plan, options);
  return { running: stack, start: { kind: 'cold', why, state: 'booted' }, phases };
}

interface CameBack {
  readonly restored: Restored;
  /** In its own directory, until it is kept. */
  readonly saved: Snapshot;
  readonly before: readonly Phase[];
}

/**
 * Boots, saves, ends the saved stack and restores it.
 * @returns the reason if no snapshot could be made.
 */
async function comeBack(
  plan: StackPlan,
  options: StartStackOptions,
): Promise<CameBack | { readonly why: string }> {
  const name = snapshotName(plan.cell.name, options.identity);
  const booted = await bootPrimed(plan, options);
  let place: string | undefined;
  try {
    const began = performance.now();
    options.onStep?.('saving the stack');
    place = await newPlace(name);
    const record = await save(booted.stack, place, options);
    await booted.stack[Symbol.asyncDispose]();
    const saving = { name: 'save', seconds: (performance.now() - began) / 1000 };
    options.onStep?.('restoring the stack');
    const saved: Snapshot = { name, directory: place, record };
    const restored = await restore(plan, saved, { ...options, prove: options.kernelRelease });
    return { restored, saved, before: [...booted.phases, saving] };
  } catch (thrown) {
    await booted.stack[Symbol.asyncDispose]();
    if (place !== undefined) await dropSnapshot(place);
    options.signal.throwIfAborted();
    return { why: `no snapshot could be made: ${toNestbenchError(thrown).message}` };
  }
}

/** If it can't be kept, the stack restored from it is still valid. */
async function keep({ name, directory }: Snapshot, { limitBytes, say }: StartStackOptions): Promise<void> {
  try {
    await keepSnapshot(directory, name);
    await pruneSnapshots(limitBytes, name, say);
  } catch (thrown) {
    say(`The snapshot ${name} could not be kept: ${toNestbenchError(thrown).message}`);
  }
}

function broughtBack(
  { running, behindSeconds }: Restored,
  { name, record: { madeAt, client, server } }: Snapshot,
  kind: 'warm' | 'saved',
  before: readonly Phase[],
): Brought {
  const bytes = client.bytes + server.bytes;
  return {
    running,
    start: { kind, snapshot: name, madeAt, bytes, behindSeconds },
    phases: [...before, ...running.phases],
  };
}

async function tryRestore(
  plan: StackPlan,
  snapshot: Snapshot,
  options: StartStackOptions & { readonly isPrefetched: boolean },
): Promise<Restored | undefined> {
  const { signal, say } = options;
  const attempt = async (isPrefetched: boolean): Promise<Restored> => {
    options.onStep?.('restoring the stack');
    const restored = await restore(plan, snapshot, { ...options, isPrefetched });
    touchSnapshot(snapshot);
    return restored;
  };
  try {
    return await attempt(options.isPrefetched).catch((thrown: unknown) => {
      signal.throwIfAborted();
      const { code, message } = toNestbenchError(thrown);
      if (!NOT_OF_SNAPSHOT.has(code)) throw thrown;
      say(`The stack was lost while it was restored, and is restored again: ${message}`);
      return attempt(false);
    });
  } catch (thrown) {
    signal.throwIfAborted();
    say(
      `The snapshot ${snapshot.name} is dropped, as it does not come back: ${toNestbenchError(thrown).message}`,
    );
    await dropSnapshot(snapshot.directory);
    return undefined;
  }
}

function bootPrimed(
  plan: StackPlan,
  options: StartStackOptions,
): Promise<{ stack: EmulatedStack; phases: readonly Phase[] }> {
  return primed(() => boot(plan, options), options);
}
