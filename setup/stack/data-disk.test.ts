import { expect, test } from 'vitest';
import { hostMachine } from '../machine/host.ts';
import { parseDf, readDataDisk } from './data-disk.ts';

const never = new AbortController().signal;

test('what df prints of a disk is read', () => {
  const text = 'Filesystem     Type   1B-blocks\n/dev/vdc       ext4 1020702720\n';
  expect(parseDf(text)).toEqual(['/dev/vdc', 'ext4', 1_020_702_720]);
});

test('a level without a disk for data has none to read', async () => {
  const plan = { name: 'l1', deadlineSeconds: 10 } as const;
  expect(await readDataDisk(plan, hostMachine(), never)).toEqual({});
});

test('a file system in memory is no disk', async () => {
  const plan = { name: 'l1', deadlineSeconds: 10, dataDirectory: '/dev/shm' } as const;
  await expect(readDataDisk(plan, hostMachine(), never)).rejects.toThrow(
    'l1 should keep the data of benchmarks on a disk, but /dev/shm is on tmpfs, in memory.',
  );
});
