/** Saving the state of the host's QEMU, compressed. Needs root, for a small disk. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../../lib/temporary.testing.ts';
import { hostMachine } from '../../../machine/host.ts';
import { spawnQemu } from '../../../machine/qemu/qemu-process.ts';
import { connectQmp, type Qmp } from '../../../machine/qemu/qmp.ts';
import { openSocketOnceThere } from '../../../machine/socket.ts';
import type { SavedAs } from '../stack-plan.ts';
import { migrateTo } from './migrate.ts';

const { signal } = new AbortController();
const SAVED: SavedAs = { form: 'compressed', tools: '/usr/bin' };

async function withQemu(work: (given: { qmp: Qmp; log: string }) => Promise<void>): Promise<void> {
  const directory = temporaryDirectory();
  const [socket, pidFile, log] = ['qmp', 'l0.pid', 'log'].map((name) => path.join(directory, name));
  if (socket === undefined || pidFile === undefined || log === undefined) throw new RangeError('three names');
  const program = ['timeout', '--foreground', '60', 'qemu-system-x86_64'];
  const machine = ['-M', 'pc,accel=tcg', '-m', '32', '-S', '-nodefaults', '-display', 'none'];
  const control = ['-qmp', `unix:${socket},server=on,wait=off`, '-pidfile', pidFile];
  const argv = [...program, ...machine, ...control];
  await using _ = await spawnQemu({ argv, pidFile, logFile: log, signal });
  const limits = { signal, deadlineSeconds: 30 };
  const stream = await openSocketOnceThere(hostMachine(), socket, 'QMP', limits);
  await using qmp = await connectQmp(stream, { ...limits, machine: 'l0' });
  await work({ qmp, log });
}

test('a state is a file once it is complete', async () => {
  const file = path.join(temporaryDirectory(), 'server.state');
  await withQemu(({ qmp, log }) => migrateTo(file, 'l0', { saved: SAVED, qmp, log, signal }));
  expect(existsSync(file)).toBe(true);
  expect(existsSync(`${file}.part`)).toBe(false);
});

test('a disk that is full before the state is complete is named as such', async () => {
  const place = temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', place]);
  onTestFinished(() => void execFileSync('umount', [place]));
  const file = path.join(place, 'server.state');
  await withQemu(async ({ qmp, log }) => {
    await expect(migrateTo(file, 'l0', { saved: SAVED, qmp, log, signal })).rejects.toMatchObject({
      code: 'NESTBENCH_COMMAND_FAILED',
      message: expect.stringMatching(
        /^The state of l0 could not be written to .*server\.state: zstd: .*No space left on device/,
      ),
    });
  });
});
