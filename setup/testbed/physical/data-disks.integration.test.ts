/** With loop devices of this host, as on the server itself. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { hostMachine } from '../../machine/host.ts';
import { makeDisk } from './data-disks.ts';
import { whyNoDiskMachines } from './disk-machine.testing.ts';

const never = new AbortController().signal;
const machine = hostMachine();

test.skipIf((await whyNoDiskMachines()) !== undefined)(
  'each disk has a clean ext4 that holds the next, and the last is allocated as a whole',
  async () => {
    const directory = temporaryDirectory();
    const file = path.join(directory, 'guest.img');
    await makeDisk(machine, file, { levels: 2, mebibytes: 32 }, never);
    expect(statSync(file).size).toBe((32 + 256) * 2 ** 20);
    expect((await execa('e2fsck', ['-f', '-n', file])).stdout).toContain('Pass 5');
    const inside = path.join(directory, 'inside');
    mkdirSync(inside);
    await execa('mount', ['-o', 'loop,ro', file, inside]);
    try {
      expect(readdirSync(inside).toSorted()).toEqual(['guest.img', 'lost+found']);
      const { size, blocks } = statSync(path.join(inside, 'guest.img'));
      expect(size).toBe(32 * 2 ** 20);
      expect(blocks * 512).toBeGreaterThanOrEqual(size);
    } finally {
      await execa('umount', [inside]);
    }
    expect(readdirSync(directory).toSorted()).toEqual(['guest.img', 'inside']);
  },
);

test('what is in the way is reported with where', async () => {
  const file = path.join(temporaryDirectory(), 'nowhere/guest.img');
  await expect(makeDisk(machine, file, { levels: 1, mebibytes: 8 }, never)).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    message: expect.stringContaining(file),
  });
});
