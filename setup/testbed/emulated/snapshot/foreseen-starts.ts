/** Which stacks of a run will be restored and which booted, known before the first of them starts. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { count } from '../../../lib/count.ts';
import type { BootKind } from '../../../run/settings.ts';
import { type Identity, snapshotName } from './identity.ts';
import { snapshotsDirectory } from './snapshot-store.ts';

/** A stack that a run needs. */
export interface ForeseenStack {
  readonly cell: string;
  readonly identity: Identity;
}

/** @returns a sentence for a run of several stacks of which some boot; undefined otherwise, as progress says it. */
export function describeStarts(
  stacks: readonly ForeseenStack[],
  boot: BootKind,
  lanes = 1,
): string | undefined {
  const booting = stacks.filter((stack) => boot !== 'warm' || !hasSnapshot(stack));
  if (stacks.length < 2 || booting.length === 0) return undefined;
  const names = [...new Set(booting.map(({ cell }) => cell))].join(', ');
  const restored = stacks.length - booting.length;
  const order = lanes > 1 ? `${lanes} at a time` : 'one after another';
  const counts =
    restored === 0
      ? `All ${count(stacks.length, 'stack')} boot, ${order}`
      : `${count(restored, 'stack')} will be restored and ${booting.length} booted, ${order}`;
  return boot === 'warm'
    ? `${counts}: ${names}. Each is saved, and the next run restores it within seconds.`
    : `${counts}, because of BOOT=${boot}: ${names}.`;
}

function hasSnapshot({ cell, identity }: ForeseenStack): boolean {
  return existsSync(path.join(snapshotsDirectory(), snapshotName(cell, identity)));
}
