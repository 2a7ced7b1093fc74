/** Faults of the snapshot that a cell is restored from. */
import { readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { findOwned } from '../../setup/machine/qemu/qemu-process.ts';
import { type FaultKind, type Phase, type Target, WHOLE_RUN } from './fault-kind.ts';
import { MissedError } from './blow.ts';
import { HOST_MACHINES } from './process-kinds.ts';
import type { Scene } from './scene.ts';

/** The cell boots in its place, and is saved again. */
const BOOT_SECONDS = 300;

const FILES: readonly Target[] = ['server.state', 'client.state', 'seed.tar', 'snapshot.json'].map(
  (name) => ({
    name,
    level: 0,
  }),
);
const BEFORE: readonly Phase[] = ['start'];

function snapshotsOf({ place }: Scene): string[] {
  const directory = path.join(place.cache, 'snapshots');
  return readdirSync(directory).map((name) => path.join(directory, name));
}

/** Changes a file of the snapshot. It is shared with the user's cache, so another takes its place. */
async function change(
  scene: Scene,
  work: (handle: FileHandle, bytes: number) => Promise<void>,
): Promise<void> {
  for (const snapshot of snapshotsOf(scene)) {
    const file = path.join(snapshot, scene.planned.target);
    const copy = `${file}.changed`;
    // It keeps the holes, without which a state takes gigabytes.
    await execa('cp', [file, copy]);
    await using handle = await open(copy, 'r+');
    await work(handle, (await handle.stat()).size);
    await rename(copy, file);
  }
}

export const SNAPSHOT_KINDS: readonly FaultKind[] = [
  {
    name: 'snapshot-truncated',
    about: 'cuts a file of the snapshot short',
    targets: FILES,
    phases: BEFORE,
    weight: 0.3,
    prepare: (scene) => change(scene, (handle, bytes) => handle.truncate(scene.below(bytes))),
    inject: async () => {},
    expected: { ends: [0], says: /^The snapshot .* is dropped|is dropped[,:]/, withinSeconds: BOOT_SECONDS },
  },
  {
    name: 'snapshot-garbage',
    about: 'inverts a kilobyte of a file of the snapshot',
    targets: FILES,
    phases: BEFORE,
    weight: 0.3,
    prepare: (scene) =>
      change(scene, async (handle, bytes) => {
        const at = scene.below(Math.max(1, bytes - 1024));
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, at);
        // Zeros would change nothing where there are zeros.
        await handle.write(
          buffer.map((byte) => byte ^ 0xff),
          0,
          bytesRead,
          at,
        );
      }),
    inject: async () => {},
    expected: { ends: [0], says: /is dropped[,:]/, withinSeconds: BOOT_SECONDS },
  },
  {
    name: 'snapshot-removed',
    about: 'removes the snapshot while the stack is restored from it',
    targets: WHOLE_RUN,
    phases: ['start', 'restore'],
    weight: 0.5,
    async inject(scene) {
      const snapshots = snapshotsOf(scene);
      if (snapshots.length === 0) throw new MissedError('the snapshot was not there');
      for (const snapshot of snapshots) rmSync(snapshot, { recursive: true, force: true });
      // A stack that is dropped must not go on beside the one that is measured.
      await scene.run.notes('series', () => true, BOOT_SECONDS);
      const running = findOwned(scene.place.temporary).length;
      if (running > HOST_MACHINES.length) throw new Error(`${running} QEMUs run during the samples.`);
    },
    expected: {
      ends: [0],
      says: /is dropped[,:]|was removed/,
      mayGoUnnoticed: true,
      withinSeconds: BOOT_SECONDS,
    },
  },
];
