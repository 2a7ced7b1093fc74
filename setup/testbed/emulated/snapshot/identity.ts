/** Everything that affects a snapshot, by name: if any of it differs, the saved stack differs. */
import { readFileSync } from 'node:fs';
import { canonicalJson, hashOf, sha256 } from '../../../lib/hash.ts';
import type { StackPlan } from '../stack-plan.ts';
import { FORMAT, type SnapshotRecord } from './snapshot-record.ts';

/** What its machines were made from, as hashes. */
export interface Ingredients {
  readonly kernel: string;
  readonly image: string;
  /** `emulator` and its hash, or path, version and SHA-256 of the variant's QEMU. */
  readonly qemu: string;
}

export type Identity = SnapshotRecord['identity'];

/**
 * @param plan the plan of the stack. The location of its sockets on the host does not matter, nor which of the host's CPUs
 * run it: they are chosen again at each restore.
 */
export function identityOf(plan: StackPlan, runtime: string, ingredients: Ingredients): Identity {
  const { hostCpus: _, ...anywhere } = plan;
  const [server, ...guests] = plan.levels;
  const unpinned = {
    ...anywhere,
    client: { ...plan.client, pins: [] },
    levels: [{ ...server, pins: [] }, ...guests],
  };
  const text = JSON.stringify(unpinned).replaceAll(JSON.stringify(runtime).slice(1, -1), '$RUNTIME');
  const { accelerator } = plan.levels[0];
  return {
    format: String(FORMAT),
    plan: sha256(text),
    ...ingredients,
    // The emulated CPU is the same on every host, except for the rate of its TSC, which is in the kernel's command
    // line.
    host: accelerator === 'kvm' ? hostCpu() : 'any',
  };
}

export function snapshotName(cell: string, identity: Identity): string {
  return `${cell}-${hashOf(identity)}`;
}

/** With hardware virtualization the guest's CPU is the host's. */
function hostCpu(): string {
  const lines = readFileSync('/proc/cpuinfo', 'utf8').split('\n');
  const first = (key: string): string => lines.find((line) => line.startsWith(key)) ?? '';
  return sha256(canonicalJson([first('model name'), first('flags'), first('microcode')]));
}
