/** Faults of disks: of the results, of the cache, and of single files on them. */
import {
  appendFileSync,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';
import { errorCode } from '../../setup/lib/error-text.ts';
import { BOTH_TESTBEDS, type FaultKind, PHASES, WHOLE_RUN } from './fault-kind.ts';
import { MissedError } from './blow.ts';
import type { Scene } from './scene.ts';

const RESULTS_MIB = 64;
/** Holds what a save writes first, and not the whole: the least that a server's state takes is 80 MB. */
const CACHE_MIB = 40;
const RUN_SECONDS = 120;
const BOOT_SECONDS = 300;

async function mountSmall(scene: Scene, directory: string, mebibytes: number): Promise<void> {
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'nestbench-faults', directory]);
  scene.defer(() => execa('umount', ['--lazy', directory], { reject: false }));
}

/** Writes until nothing more fits. */
function fill(file: string): void {
  // Down to single bytes: a journal's record would still fit behind the last block.
  for (const bytes of [2 ** 20, 2 ** 12, 1]) {
    for (;;) {
      try {
        appendFileSync(file, Buffer.alloc(bytes));
      } catch (error) {
        if (errorCode(error) !== 'ENOSPC') throw error;
        break;
      }
    }
  }
}

/** The results on a disk, which can be frozen and which an error makes read-only (ext4(5), errors=remount-ro). */
async function mountDisk(scene: Scene): Promise<void> {
  const image = diskOf(scene);
  writeFileSync(image, '');
  truncateSync(image, RESULTS_MIB * 2 ** 20);
  await execa('mkfs.ext4', ['-q', image]);
  await attachDisk(scene);
  scene.defer(() => execa('umount', ['--lazy', scene.place.results], { reject: false }));
}

function diskOf({ place }: Scene): string {
  return path.join(place.root, 'disk');
}

function attachDisk(scene: Scene): Promise<unknown> {
  return execa('mount', ['-o', 'loop,errors=remount-ro', diskOf(scene), scene.place.results]);
}

/** As after an error of the disk, which the kernel simulates (Documentation/ABI/testing/sysfs-fs-ext4). */
async function makeReadOnly(scene: Scene): Promise<void> {
  const { results } = scene.place;
  const { stdout: device } = await execa('findmnt', ['--noheadings', '--output', 'SOURCE', results]);
  writeFileSync(`/sys/fs/ext4/${path.basename(device)}/trigger_fs_error`, 'fault campaign');
  scene.onHeal(async () => {
    await execa('umount', [results]);
    // It exits with 1 once it has repaired the mark of the error (e2fsck(8)).
    const { exitCode } = await execa('e2fsck', ['-fy', diskOf(scene)], { reject: false });
    if (exitCode !== 0 && exitCode !== 1) throw new Error(`e2fsck ended with ${exitCode}`);
    await attachDisk(scene);
  });
}

/** An earlier run of the same experiment, for a fault of what it left. */
async function measureBefore(scene: Scene): Promise<void> {
  await using earlier = scene.startBefore();
  const { exitCode } = await earlier.end(scene.testbed.patienceSeconds);
  if (exitCode !== 0) throw new Error(`the run before the fault ended with ${exitCode}:\n${earlier.output}`);
}

function journalOf(scene: Scene): string {
  return path.join(scene.place.results, 'experiment', JOURNAL_FILE);
}

function thereIs(file: string): string {
  if (!existsSync(file)) throw new MissedError(`${path.basename(file)} was not there`);
  return file;
}

export const DISK_KINDS: readonly FaultKind[] = [
  {
    name: 'results-full',
    about: 'fills the disk of the results',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    needsRoot: true,
    prepare: (scene) => mountSmall(scene, scene.place.results, RESULTS_MIB),
    async inject(scene) {
      const file = path.join(scene.place.results, 'filler');
      scene.onHeal(() => rmSync(file, { force: true }));
      fill(file);
    },
    expected: { ends: [0, 1], says: /full|no space/i, withinSeconds: RUN_SECONDS },
  },
  {
    name: 'results-read-only',
    about: 'makes the disk of the results read-only, as an error of the disk does',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    needsRoot: true,
    prepare: mountDisk,
    inject: makeReadOnly,
    expected: { ends: [0, 1], says: /read-only|can't be written/i, withinSeconds: RUN_SECONDS },
  },
  {
    name: 'results-slow',
    about: 'freezes the disk of the results for up to 5 s',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: PHASES,
    weight: 0.5,
    needsRoot: true,
    prepare: mountDisk,
    async inject(scene) {
      const { results } = scene.place;
      scene.onHeal(() => execa('fsfreeze', ['--unfreeze', results]));
      await execa('fsfreeze', ['--freeze', results]);
      await sleep(500 + scene.below(4500), undefined, { signal: scene.signal });
      await scene.heal();
    },
    expected: { ends: [0], says: undefined, mayGoUnnoticed: true, withinSeconds: RUN_SECONDS },
  },
  {
    name: 'cache-full',
    about: "fills the cache's disk while the stack is saved",
    targets: WHOLE_RUN,
    phases: ['start'],
    weight: 0.3,
    needsRoot: true,
    async prepare(scene) {
      const directory = path.join(scene.place.cache, 'snapshots');
      await mountSmall(scene, directory, CACHE_MIB);
      scene.onHeal(() => execa('umount', [directory]));
    },
    inject: async () => {},
    expected: { ends: [0], says: /full|no space/i, withinSeconds: BOOT_SECONDS },
  },
  {
    name: 'journal-torn',
    about: "leaves half a record at the journal's end, as a power cut does",
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: ['start'],
    async prepare(scene) {
      await measureBefore(scene);
      const file = journalOf(scene);
      const text = readFileSync(file, 'utf8');
      const last = text.trimEnd().lastIndexOf('\n') + 1;
      writeFileSync(file, text.slice(0, last + 1 + scene.below(text.length - last - 2)));
    },
    inject: async () => {},
    expected: {
      ends: [0],
      says: /of the journal is left out/,
      mayGoUnnoticed: true,
      withinSeconds: RUN_SECONDS,
    },
  },
  {
    name: 'journal-garbage',
    about: "overwrites bytes at the journal's end with zeros, as a power cut does",
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: ['start'],
    weight: 0.5,
    async prepare(scene) {
      await measureBefore(scene);
      const file = journalOf(scene);
      const bytes = readFileSync(file);
      const length = 1 + scene.below(300);
      writeFileSync(file, bytes.fill(0, bytes.length - length));
    },
    inject: async () => {},
    expected: { ends: [0], says: /of the journal is left out/, withinSeconds: RUN_SECONDS },
  },
  {
    name: 'journal-removed',
    about: 'removes the directory of the experiment while it is measured',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure', 'end'],
    async inject(scene) {
      rmSync(path.dirname(thereIs(journalOf(scene))), { recursive: true, force: true });
    },
    expected: {
      ends: [1],
      says: /was removed or replaced|is gone from/,
      losesJournal: true,
      withinSeconds: RUN_SECONDS,
    },
  },
  {
    name: 'journal-replaced',
    about: 'puts a copy in the place of the journal while the experiment is measured',
    targets: WHOLE_RUN,
    testbeds: BOTH_TESTBEDS,
    phases: ['measure'],
    weight: 0.5,
    async inject(scene) {
      const file = thereIs(journalOf(scene));
      cpSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    },
    expected: { ends: [1], says: /was removed or replaced/, withinSeconds: RUN_SECONDS },
  },
];
