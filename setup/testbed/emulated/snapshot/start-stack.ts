/** How a cell's stack is started: restored from its snapshot, or booted; and if there was none, saved in the end. */
import type { Benchmark } from '../../../../fixtures/benchmarks/benchmark.ts';
import { type ErrorCode, toNestbenchError } from '../../../lib/errors.ts';
import { endOwned, findOwned } from '../../../machine/qemu/qemu-process.ts';
import type { BootKind } from '../../../run/settings.ts';
import { prime, primed } from '../../prime.ts';
import type { Started } from '../../testbed.ts';
import { boot, type BootStackOptions } from '../boot.ts';
import { type Phase, Phases } from '../../../lib/phase-clock.ts';
import type { StackPlan } from '../stack-plan.ts';
import type { EmulatedStack } from '../emulated-stack.ts';
import { type Identity, snapshotName } from './identity.ts';
import type { Prefetched } from './prefetch.ts';
import { type Restored, restore } from './restore-snapshot.ts';
import { save } from './save-snapshot.ts';
import { stateFile, storedBytes } from './saved-files.ts';
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
  /** What will be measured: a stack that boots is primed with it. */
  readonly benchmarks: readonly Benchmark[];
  /**
   * All benchmarks that any run may measure on such a stack. A snapshot is primed with all of them, because earlier
   * programs remain in the memory of every level.
   */
  readonly savedWith: readonly Benchmark[];
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
  if (options.boot === 'cold') return (await startBooted(plan, 'asked for', options)).brought;
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
  if (found !== undefined && restored !== undefined) return broughtBack(restored, found);
  const { stack, brought } = await startBooted(plan, 'there was no snapshot', options);
  return { ...brought, saveForLater: () => saveForLater(stack, plan, options) };
}

async function startBooted(
  plan: StackPlan,
  why: string,
  options: StartStackOptions,
): Promise<{ readonly stack: EmulatedStack; readonly brought: Brought }> {
  const { benchmarks, onStep } = options;
  const { stack, phases } = await primed(() => boot(plan, options), benchmarks, onStep);
  return { stack, brought: { running: stack, start: { kind: 'cold', why, state: 'booted' }, phases } };
}

/** Primes the stack with what was not measured on it, saves and ends it, and keeps the snapshot if it comes back. */
async function saveForLater(
  stack: EmulatedStack,
  plan: StackPlan,
  options: StartStackOptions,
): Promise<readonly Phase[]> {
  const { benchmarks, savedWith, onStep, signal, say, limitBytes } = options;
  const name = snapshotName(plan.cell.name, options.identity);
  const phases = new Phases();
  let place: string | undefined;
  try {
    const rest = savedWith.filter((benchmark) => !benchmarks.includes(benchmark));
    await prime(stack, rest, onStep);
    phases.lap('prime');
    onStep?.('saving the stack for the next run');
    place = await newPlace(name);
    const record = await save(stack, place, options);
    await stack[Symbol.asyncDispose]();
    phases.lap('save');
    onStep?.('restoring the stack once, to prove its snapshot');
    const saved: Snapshot = { name, directory: place, record };
    const { running } = await restore(plan, saved, { ...options, prove: options.kernelRelease });
    await running[Symbol.asyncDispose]();
    await keepSnapshot(place, name);
    await pruneSnapshots(limitBytes, name, say);
    phases.lap('save: proof');
  } catch (thrown) {
    await stack[Symbol.asyncDispose]();
    if (place !== undefined) await dropSnapshot(place);
    signal.throwIfAborted();
    say(`The stack could not be saved, so the next run boots it again: ${toNestbenchError(thrown).message}`);
  }
  return phases.list;
}

function broughtBack(
  { running, behindSeconds }: Restored,
  { name, directory, record: { madeAt } }: Snapshot,
): Brought {
  const bytes = HOST_MACHINES.reduce((sum, machine) => sum + storedBytes(stateFile(directory, machine)), 0);
  return {
    running,
    start: { kind: 'warm', snapshot: name, madeAt, bytes, behindSeconds },
    phases: running.phases,
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
    // First, so that another cell that saves its own meanwhile does not drop it to make room.
    touchSnapshot(snapshot);
    return restore(plan, snapshot, { ...options, isPrefetched });
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
