/**
 * Starts the first cell's machines from their snapshot while Vitest is still starting the cell's worker, which takes
 * about 0.6 s. The stopped machines wait for the worker to take them over.
 */
import type { Cell } from '../../../../fixtures/matrix.ts';
import { spawnOnHost } from '../machines.ts';
import type { StackPlan } from '../stack-plan.ts';
import { prepareRuntime } from '../../../stack/running.ts';
import type { Identity } from './identity.ts';
import { bringFiles, restored } from './restore-snapshot.ts';
import { findSnapshot } from './snapshot-store.ts';

/** What waits for its worker. If nobody takes it over, the holder of the testbed ends it. */
export interface Prefetched {
  readonly cell: Cell['name'];
  /** The snapshot's name. */
  readonly snapshot: string;
}

/** Undefined if there is no such snapshot. */
export async function prefetch(
  plan: StackPlan,
  options: {
    readonly runtime: string;
    readonly logs: string;
    readonly identity: Identity;
    readonly signal: AbortSignal;
    readonly say: (sentence: string) => void;
  },
): Promise<Prefetched | undefined> {
  const { runtime, logs, identity, signal, say } = options;
  const found = await findSnapshot(plan.cell.name, identity, say);
  if (found === undefined) return undefined;
  await prepareRuntime(runtime, logs);
  bringFiles(plan, found, { runtime, logs });
  const [server] = plan.levels;
  for (const [machine, file] of [
    [server, 'server'],
    [plan.client, 'client'],
  ] as const) {
    await spawnOnHost(restored(machine, plan.saved, found, file), {
      runtime,
      logs,
      signal,
      defer: () => {},
    });
  }
  return { cell: plan.cell.name, snapshot: found.name };
}
