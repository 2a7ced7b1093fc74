/** Disk images of the user's that levels boot: what is in them, before anything is built or booted. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { MACHINE_NAMES, type MachineName } from '../../../fixtures/addresses.ts';
import type { LevelImage, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { cached } from '../../build/cache/build-cache.ts';
import { InputError } from '../../lib/errors.ts';
import { sha256OfFile } from '../../lib/sha256-of-file.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import type { OwnImage } from '../../stack/machine-plan.ts';

export type OwnImages = Partial<Record<MachineName, OwnImage>>;

/** Their sectors: what partx(8) counts in, whatever the disk has. */
const SECTOR_BYTES = 512;

/**
 * Looks into the image of each level that has one.
 * @throws {InputError} NESTBENCH_BAD_TESTBED with what is wrong with one.
 */
export function examineImages({ images }: Pick<TestbedDescription, 'images'>): Promise<OwnImages> {
  return forEachLevel(images, (image, name) => examineImage(name, image));
}

async function forEachLevel<T>(
  images: Partial<Record<MachineName, T | undefined>>,
  work: (image: T, name: MachineName) => Promise<OwnImage>,
): Promise<OwnImages> {
  const done: OwnImages = {};
  for (const name of MACHINE_NAMES) {
    const image = images[name];
    if (image !== undefined) done[name] = await work(image, name);
  }
  return done;
}

async function examineImage(name: MachineName, { file, key, partition }: LevelImage): Promise<OwnImage> {
  const own = (root: string): OwnImage => ({ file, key, root, bytes: statSync(file).size });
  const bad = (why: string): InputError =>
    new InputError('NESTBENCH_BAD_TESTBED', `The testbed file's "images.${name}.file", ${file}, ${why}.`);
  const whole = await probe(file, 0);
  if (whole === undefined) {
    throw bad(
      'has neither a file system nor partitions that blkid knows. It must be a raw disk image; "qemu-img convert -O raw" makes one of another format',
    );
  }
  if (whole['PTTYPE'] === undefined) {
    if (partition !== undefined)
      throw bad(`has no partition ${partition}: it is one ${whole['TYPE']} file system`);
    assertExt4(whole, bad);
    return own('/dev/vda');
  }
  const partitions = await partitionsOf(file);
  const numbers = partitions.map(([number]) => number).join(', ');
  const chosen = partition ?? (partitions.length === 1 ? partitions[0]?.[0] : undefined);
  if (chosen === undefined)
    throw bad(`has the partitions ${numbers}: name the one with its root, as "partition: 1"`);
  const start = partitions.find(([number]) => number === chosen)?.[1];
  if (start === undefined) throw bad(`has no partition ${chosen}: it has ${numbers || 'none'}`);
  assertExt4((await probe(file, start * SECTOR_BYTES)) ?? {}, (why) =>
    bad(`has in its partition ${chosen} what ${why}`),
  );
  return own(`/dev/vda${chosen}`);
}

/** A level's kernel has no initramfs, and each has ext4 built in (fixtures/git-kernel.ts), which also reads ext3. */
function assertExt4({ TYPE = 'unknown' }: Record<string, string>, bad: (why: string) => InputError): void {
  if (TYPE !== 'ext4' && TYPE !== 'ext3')
    throw bad(`is a file system of type ${TYPE}, and the kernel of a level mounts ext4 or ext3`);
}

/** What blkid(8) finds at that place: `TYPE` of a file system, `PTTYPE` of a partition table; undefined if it knows neither. */
async function probe(file: string, offset: number): Promise<Record<string, string> | undefined> {
  const { stdout, exitCode } = await execa(
    'blkid',
    ['--probe', '--output', 'export', '--offset', String(offset), file],
    { reject: false, env: SBIN },
  );
  if (exitCode !== 0) return undefined;
  return Object.fromEntries(stdout.split('\n').map((line) => line.split('=', 2)));
}

/** Number and first sector of each. */
async function partitionsOf(file: string): Promise<[number: number, start: number][]> {
  const { stdout } = await execa('partx', ['--raw', '--noheadings', '--output', 'NR,START', file], {
    env: SBIN,
  });
  return stdout.split('\n').flatMap((line) => {
    const [number, start] = line.split(' ').map(Number);
    return number === undefined || start === undefined ? [] : [[number, start] as [number, number]];
  });
}

/** Debian has them there, outside a user's PATH. */
const SBIN = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** With their checksums, which are remembered by file, size, inode and time of the last change. */
export function identifyImages(images: OwnImages, signal: AbortSignal): Promise<OwnImages> {
  return forEachLevel(images, async (image) => ({ ...image, sha256: await checksumOf(image.file, signal) }));
}

async function checksumOf(file: string, signal: AbortSignal): Promise<string> {
  const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
  const { facts } = await cached({
    name: 'disk-image-checksum',
    inputs: [file, String(dev), String(ino), String(size), String(mtimeNs)],
    signal,
    build: async ({ task }) => {
      reportProgress({ task, text: `reading ${path.basename(file)}`, state: 'running' });
      return { sha256: await sha256OfFile(file) };
    },
  });
  return facts['sha256'] ?? '';
}

/** What it is called in the experiment's settings and versions: with another image, it is another experiment. */
export function imageSettings(images: OwnImages): Record<string, string> {
  return Object.fromEntries(
    Object.entries(images).map(([name, { file, bytes, root, sha256 }]) => [
      `disk image of ${name}`,
      `${path.basename(file)}, ${bytes} bytes, root on ${root}, SHA-256 ${sha256 ?? 'unknown'}`,
    ]),
  );
}
