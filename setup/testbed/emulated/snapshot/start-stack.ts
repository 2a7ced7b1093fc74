/** How a cell's stack comes to run: restored from its snapshot, or booted; and where it was booted, saved for the next time. */
import type { Benchmark } from '../../../../fixtures/benchmarks/benchmark.ts';
import { toNestbenchError } from '../../../lib/errors.ts';
import { endOwned } from '../../../machine/qemu/qemu-process.ts';
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
  /** How much all snapshots together may take. */
  readonly limitBytes: number;
  /**
   * What any run may measure on such a stack. It is primed with all of it, whatever is measured now: what ran before is in
   * the memory of every level.
   */
  readonly primedWith: readonly Benchmark[];
  /** What was started for the first cell before its worker. */
  readonly prefetched?: Prefetched | undefined;
  /** Called with sentences on what becomes of snapshots. */
  readonly say: (sentence: string) => void;
}

type Brought = Omit<Started, 'seconds'>;

/**
 * A snapshot that does not come back as what was saved is dropped, and the cell boots as if there were none.
 * @throws what `boot` throws.
 */
export async function startStack(plan: StackPlan, options: StartStackOptions): Promise<Started> {
  const began = performance.now();
  const brought = await bring(plan, options);
  return { ...brought, seconds: (performance.now() - began) / 1000 };
}

async function bring(plan: StackPlan, options: StartStackOptions): Promise<Brought> {
  if (options.boot === 'cold') return startCold(plan, options);
  const { prefetched, identity, runtime, say } = options;
  const found = await findSnapshot(plan.cell.name, identity, say);
  const isPrefetched = found !== undefined && prefetched?.snapshot === found.name;
  // Those of another cell, or of what is gone meanwhile: nobody else will end them before the run does.
  if (prefetched !== undefined && !isPrefetched) await endOwned(runtime);
  const restored = found && (await tryRestore(plan, found, { ...options, isPrefetched }));
  if (found === undefined || restored === undefined) return startSaved(plan, options);
  return broughtBack(restored, found, 'warm', []);
}

/**
 * Boots, and goes on with what comes back from a snapshot that nobody keeps: so that what is measured cold is in the same
 * state as what is measured warm. (Primed with no more than was measured, and going on as it had booted, hackbench was
 * 12.5 % off, over 8 boots each; with the round trip alone netperf was equal and hackbench not, with both no difference
 * was left. docs/warm-starts.md.)
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

/** Boots, and goes on with what comes back from the snapshot that was made: so nobody measures on what no restore has proved. */
async function startSaved(plan: StackPlan, options: StartStackOptions): Promise<Brought> {
  const came = await comeBack(plan, options);
  if ('why' in came) return startAgain(plan, came.why, options);
  const { restored, saved, before } = came;
  await keep(saved, options);
  return broughtBack(restored, saved, 'saved', before);
}

/** Where no snapshot could be made. */
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
  /** In a place of its own, until it is kept. */
  readonly saved: Snapshot;
  readonly before: readonly Phase[];
}

/** Boots, saves, ends what was saved and restores it. @returns why not, where no snapshot could be made. */
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

/** Where it can't be kept, the stack that came back from it is as good as any. */
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
  try {
    options.onStep?.('restoring the stack');
    const restored = await restore(plan, snapshot, options);
    touchSnapshot(snapshot);
    return restored;
  } catch (thrown) {
    options.signal.throwIfAborted();
    options.say(
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
