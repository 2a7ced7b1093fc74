/** Faults of the snapshot that a cell is restored from. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findOwned } from '../../setup/machine/qemu/qemu-process.ts';
import { type FaultKind, type Phase, type Target, WHOLE_RUN } from './fault-kind.ts';
import { MissedError } from './blow.ts';
import { HOST_MACHINES } from './process-kinds.ts';
import type { Scene } from './scene.ts';

/** The cell boots in its place, and is saved again. */
const BOOT_SECONDS = 300;

const FILES: readonly Target[] = ['server.zst', 'client.zst', 'seed.tar', 'snapshot.json'].map((name) => ({
  name,
  level: 0,
}));
const BEFORE: readonly Phase[] = ['start'];

function snapshotsOf({ place }: Scene): string[] {
  const directory = path.join(place.cache, 'snapshots');
  return readdirSync(directory).map((name) => path.join(directory, name));
}

/** Changes a file of the snapshot. It is shared with the user's cache, so another takes its place. */
function change(scene: Scene, work: (bytes: Buffer) => Buffer): void {
  for (const snapshot of snapshotsOf(scene)) {
    const file = path.join(snapshot, scene.planned.target);
    const bytes = readFileSync(file);
    rmSync(file);
    writeFileSync(file, work(bytes), { mode: 0o600 });
  }
}

export const SNAPSHOT_KINDS: readonly FaultKind[] = [
  {
    name: 'snapshot-truncated',
    about: 'cuts a file of the snapshot short',
    targets: FILES,
    phases: BEFORE,
    weight: 0.3,
    prepare: async (scene) => change(scene, (bytes) => bytes.subarray(0, scene.below(bytes.length))),
    inject: async () => {},
    expected: { ends: [0], says: /^The snapshot .* is dropped|is dropped[,:]/, withinSeconds: BOOT_SECONDS },
  },
  {
    name: 'snapshot-garbage',
    about: 'inverts a kilobyte of a file of the snapshot',
    targets: FILES,
    phases: BEFORE,
    weight: 0.3,
    async prepare(scene) {
      change(scene, (bytes) => {
        const at = scene.below(Math.max(1, bytes.length - 1024));
        // Zeros would change nothing where the archive of the keys is padded.
        for (const [index, byte] of bytes.subarray(at, at + 1024).entries()) bytes[at + index] = byte ^ 0xff;
        return bytes;
      });
    },
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
