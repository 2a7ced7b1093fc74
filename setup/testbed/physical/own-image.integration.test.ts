/** Looks into disk images that this host's mkfs and sfdisk make. */
import { execFileSync } from 'node:child_process';
import { truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { InputError } from '../../lib/errors.ts';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { examineImages, identifyImages, imageSettings } from './own-image.ts';

const never = new AbortController().signal;
/** For the shortest tables of partitions. */
const MIB = 2 ** 20;

/** A sparse file of 64 MiB. */
function emptyFile(): string {
  const file = path.join(temporaryDirectory(), 'own.img');
  writeFileSync(file, '');
  truncateSync(file, 64 * MIB);
  return file;
}

/** With a partition of 20 MiB for each offset; those that are named have that file system. */
function partitioned(fileSystems: readonly (string | undefined)[], label = 'dos'): string {
  const file = emptyFile();
  const table = fileSystems.map((_, index) => `start=${(1 + 20 * index) * 2048}, size=20M`);
  execFileSync('/usr/sbin/sfdisk', ['--quiet', '--label', label, file], { input: table.join('\n') });
  for (const [index, type] of fileSystems.entries()) {
    if (type !== undefined)
      execFileSync(`/usr/sbin/mkfs.${type}`, [
        '-q',
        '-F',
        '-E',
        `offset=${(1 + 20 * index) * MIB}`,
        file,
        '20M',
      ]);
  }
  return file;
}

async function rootOf(file: string, partition?: number): Promise<string | undefined> {
  const { l1 } = await examineImages({
    images: { l1: { file, key: '/k', ...(partition && { partition }) } },
  });
  return l1?.root;
}

/** What is said about it. */
async function refused(file: string, partition?: number): Promise<string> {
  const error = await rootOf(file, partition).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return error instanceof InputError ? error.message : '';
}

test('the root is the whole disk, the only partition, or the one that is named', async () => {
  const whole = emptyFile();
  execFileSync('/usr/sbin/mkfs.ext4', ['-q', '-F', whole]);
  expect(await rootOf(whole)).toBe('/dev/vda');
  expect(await rootOf(partitioned(['ext4']))).toBe('/dev/vda1');
  expect(await rootOf(partitioned(['ext4', 'ext3'], 'gpt'), 2)).toBe('/dev/vda2');
});

test('what no level can boot from is reported', async () => {
  expect(await refused(emptyFile())).toMatch(
    /own\.img, has neither a file system nor partitions that blkid knows/,
  );
  const two = partitioned(['ext4', undefined]);
  expect(await refused(two)).toMatch(
    /has the partitions 1, 2: name the one with its root, as "partition: 1"/,
  );
  expect(await refused(two, 3)).toMatch(/has no partition 3: it has 1, 2/);
  expect(await refused(two, 2)).toMatch(/has in its partition 2 what is a file system of type unknown/);
  const whole = emptyFile();
  execFileSync('/usr/sbin/mkfs.ext2', ['-q', '-F', whole]);
  expect(await refused(whole)).toMatch(
    /is a file system of type ext2, and the kernel of a level mounts ext4 or ext3/,
  );
  expect(await refused(whole, 1)).toMatch(/has no partition 1: it is one ext2 file system/);
});

test('an image has its checksum in the settings, which is read again once the file has changed', async () => {
  temporaryCache();
  const file = emptyFile();
  const image = { file, bytes: 64 * MIB, root: '/dev/vda', key: '/k' };
  const settings = async () => imageSettings(await identifyImages({ l2: image }, never));
  const before = await settings();
  expect(before['disk image of l2']).toMatch(
    /^own\.img, 67108864 bytes, root on \/dev\/vda, SHA-256 [\da-f]{64}$/,
  );
  expect(await settings()).toEqual(before);
  writeFileSync(file, 'x', { flag: 'r+' });
  utimesSync(file, 1, 1);
  expect((await settings())['disk image of l2']).not.toBe(before['disk image of l2']);
});
