/** Saves a running stack: the two machines of the host, whose memory contains all its levels. */
import { seedFile } from '../../../stack/keys.ts';
import { copyFile, cp } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Machine } from '../../../machine/machine.ts';
import { consoleFile } from '../../../stack/attach.ts';
import type { MachinePlan } from '../../../stack/machine-plan.ts';
import type { StackPlan } from '../stack-plan.ts';
import type { EmulatedStack } from '../emulated-stack.ts';
import type { RunningStack } from '../../../stack/running.ts';
import { qemuLogFile } from '../machines.ts';
import { stopIdle } from './idle.ts';
import type { Identity } from './identity.ts';
import { migrateTo } from './migrate.ts';
import { HOST_MACHINES, type SavedFile, type SnapshotRecord } from './snapshot-record.ts';
import { describeFile, stateFile } from './saved-files.ts';
import { writeRecord } from './snapshot-store.ts';

const BOOT_ID_SECONDS = 60;
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

/** All machines of a plan. */
export function machinesOf({ client, levels }: StackPlan): readonly MachinePlan[] {
  return [client, ...levels];
}

/**
 * Saves the stack in `place`. Afterwards it can only be ended.
 * @throws NESTBENCH_DEADLINE if its vCPUs are never idle at the same time, NESTBENCH_COMMAND_FAILED with QEMU's reason.
 */
export async function save(
  stack: EmulatedStack,
  place: string,
  options: { readonly identity: Identity; readonly runtime: string; readonly logs: string },
): Promise<SnapshotRecord> {
  const { plan, facts, keys, signal } = stack;
  const bootIds = await readBootIds(stack);
  // A connection that is open now would lead nowhere after a restore.
  const machines = await stack.detach();
  await stopIdle(
    HOST_MACHINES.map((name) => machines[name].qmp),
    signal,
  );
  await Promise.all(
    HOST_MACHINES.map((name) => {
      const { qmp, plan: its } = machines[name];
      const log = qemuLogFile(options.logs, its.name);
      return migrateTo(stateFile(place, name), name, { saved: plan.saved, qmp, log, signal });
    }),
  );
  await cp(seedFile(options.runtime), seedFile(place));
  for (const { name } of machinesOf(plan)) await keepConsole(consoleFile(options.logs, name), place);
  const described = (file: string): Promise<SavedFile> => describeFile(file, plan.saved.tools, signal);
  const [client, server, seed] = await Promise.all([
    described(stateFile(place, 'client')),
    described(stateFile(place, 'server')),
    described(seedFile(place)),
  ]);
  const record: SnapshotRecord = {
    cell: plan.cell.name,
    madeAt: new Date().toISOString(),
    identity: options.identity,
    keys,
    client,
    server,
    seed,
    bootIds,
    facts: { client: facts.client, levels: [...facts.levels] },
  };
  await writeRecord(place, record);
  return record;
}

/** Copies the console of the boot, so that a restored stack has it too. */
async function keepConsole(file: string, place: string): Promise<void> {
  if (existsSync(file)) await copyFile(file, path.join(place, path.basename(file)));
}

async function readBootIds({ client, machines, signal }: RunningStack): Promise<Record<string, string>> {
  const read = async (machine: Machine): Promise<[string, string]> => {
    const text = await machine.check(['cat', BOOT_ID_FILE], { signal, deadlineSeconds: BOOT_ID_SECONDS });
    return [machine.name, text.trim()];
  };
  return Object.fromEntries(await Promise.all([client, ...machines].map(read)));
}
