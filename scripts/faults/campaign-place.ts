/**
 * Directories of its own for one fault. The cache is at the same path for all faults, because a snapshot is of the
 * programs at their paths: it shares what was built with the user's, and each fault gets new copies of the
 * campaign's own snapshots.
 */
import { copyFileSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { CellName } from '../../fixtures/matrix.ts';
import { cacheDirectory } from '../../setup/lib/cache-directory.ts';
import { errorCode } from '../../setup/lib/error-text.ts';
import type { Place } from '../cli/nestbench-run.ts';

export interface CampaignPlace extends Place {
  /** Contains its results and temporary files. */
  readonly root: string;
  readonly cache: string;
}

const SNAPSHOTS = 'snapshots';

/** Beside the user's cache. */
function base(): string {
  return path.join(path.dirname(cacheDirectory()), 'nestbench-faults');
}

/** Where a campaign keeps the snapshots that its faults begin with. */
function sound(): string {
  return path.join(base(), 'sound');
}

/**
 * @param root an empty directory.
 * @param cell whose sound snapshot it has.
 */
export function makePlace(root: string, cell: CellName): CampaignPlace {
  // Short, because Unix sockets are created in it (unix(7): 107 bytes).
  const [temporary, results] = [path.join(root, 't'), path.join(root, 'r')];
  const cache = path.join(base(), 'nestbench');
  rmSync(cache, { recursive: true, force: true });
  for (const directory of [temporary, results, path.join(cache, SNAPSHOTS), sound()]) {
    mkdirSync(directory, { recursive: true });
  }
  const theirs = cacheDirectory();
  for (const name of readdirSync(theirs)) {
    const isBuilt = /^(emulator|kernel|image|root|toolchain|tsc)-\w+$/.test(name);
    if (isBuilt) symlinkSync(path.join(theirs, name), path.join(cache, name));
  }
  for (const name of readdirSync(sound())) {
    if (name.startsWith(`${cell}-`)) shareFiles(path.join(sound(), name), path.join(cache, SNAPSHOTS, name));
  }
  return { root, temporary, results, cache };
}

/** Keeps the snapshot of that name in `place` for all faults in its cell, in the place of what was kept before. */
export function keepSound(cell: CellName, name: string, { cache }: CampaignPlace): void {
  for (const old of readdirSync(sound())) {
    if (old.startsWith(`${cell}-`)) rmSync(path.join(sound(), old), { recursive: true });
  }
  shareFiles(path.join(cache, SNAPSHOTS, name), path.join(sound(), name));
}

/** The same files in another directory, where they can be removed and replaced without touching the first. */
function shareFiles(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  for (const name of readdirSync(from)) {
    const [source, target] = [path.join(from, name), path.join(to, name)];
    try {
      linkSync(source, target);
    } catch (error) {
      if (errorCode(error) !== 'EXDEV') throw error;
      copyFileSync(source, target);
    }
  }
}
