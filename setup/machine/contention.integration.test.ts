import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { processStat, TICKS_PER_SECOND } from '../lib/proc.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { hostBetween, type HostReading, readHost } from './contention.ts';

const SPIN = 'process.stdout.write("up"); for (;;);';
/** A reading counts in ticks of 10 ms, and other processes of this host come and go. */
const ENOUGH_SECONDS = 0.3;

/** Starts a process that uses a whole CPU until the end of the test, and waits until it runs. */
async function busy(program = process.execPath, argv = ['--eval', SPIN]): Promise<ChildProcess> {
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('not started');
  return pid;
}

/** Reads until that much CPU time has been used since the first reading. How long it takes depends on the host. */
async function between(root: number, enough: (first: HostReading, now: HostReading) => boolean) {
  const first = readHost(root);
  if (first === undefined) throw new Error('/proc does not show it');
  await expect
    .poll(
      () => {
        const now = readHost(root);
        return now !== undefined && enough(first, now);
      },
      { timeout: 60_000, interval: 20 },
    )
    .toBe(true);
  const last = readHost(root);
  return { window: hostBetween(first, last), first, last };
}

test("a busy process outside this run counts completely as others'", async () => {
  const idle = spawn('sleep', ['600']);
  onTestFinished(() => void idle.kill());
  await busy();
  const { window, first, last } = await between(
    pidOf(idle),
    (one, now) => now.busySeconds - one.busySeconds > ENOUGH_SECONDS,
  );
  expect(last?.ownSeconds).toBe(first.ownSeconds);
  expect(window?.othersSeconds).toBeGreaterThanOrEqual(ENOUGH_SECONDS);
  expect(window?.cpus).toBeGreaterThan(0);
});

test('a busy process of this run does not, nor do its children, nor those of them that have ended', async () => {
  const script = `const { spawnSync } = require('node:child_process'); process.stdout.write('up');
    for (;;) spawnSync(process.execPath, ['--eval', 'const end = process.cpuUsage().user + 2e5; while (process.cpuUsage().user < end);']);`;
  const root = await busy(process.execPath, ['--eval', script]);
  const { window, first, last } = await between(
    pidOf(root),
    (one, now) => now.ownSeconds - one.ownSeconds > 2 * ENOUGH_SECONDS,
  );
  if (window === undefined || last === undefined) throw new Error('/proc does not show it');
  const [all, own] = [last.busySeconds - first.busySeconds, last.ownSeconds - first.ownSeconds];
  expect(own).toBeGreaterThan(2 * ENOUGH_SECONDS);
  expect(window.othersSeconds).toBeCloseTo(Math.max(0, all - own), 5);
});

test('a QEMU reports how long its threads ran and waited for a CPU', async () => {
  // A process counts as a QEMU by its name.
  const program = path.join(temporaryDirectory(), 'qemu-system-x');
  copyFileSync('/bin/sh', program);
  const qemu = await busy(program, ['-c', 'echo up; while :; do :; done']);
  const { window } = await between(
    pidOf(qemu),
    (one, now) => now.ownSeconds - one.ownSeconds > ENOUGH_SECONDS,
  );
  expect(window?.qemuSeconds).toBeGreaterThan(ENOUGH_SECONDS / 2);
  expect(window?.qemuWaitSeconds).toBeGreaterThanOrEqual(0);
});

test('on a CPU of its own, only what runs there counts, which another stack would do as well', async () => {
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const last = /\d+$/.exec(allowed)?.[0] ?? '';
  const other = await busy('taskset', ['--cpu-list', last, process.execPath, '--eval', SPIN]);
  const idle = spawn('sleep', ['600']);
  onTestFinished(() => void idle.kill());
  const read = (): HostReading | undefined => readHost(pidOf(idle), new Set([Number(last)]));
  const before = read();
  const ran = (): number => (processStat(pidOf(other))?.cpuTicks ?? 0) / TICKS_PER_SECOND;
  const since = ran();
  await expect.poll(() => ran() - since, { timeout: 60_000, interval: 20 }).toBeGreaterThan(ENOUGH_SECONDS);
  const window = hostBetween(before, read());
  expect(window?.cpus).toBe(1);
  expect(window?.othersSeconds).toBeGreaterThan(ENOUGH_SECONDS / 2);
  // Of one CPU; an error of the ticks may come on top.
  expect(window?.othersSeconds).toBeLessThan((window?.seconds ?? 0) + ENOUGH_SECONDS / 2);
});

const READING: HostReading = {
  at: 10,
  cpus: 2,
  busySeconds: 100,
  stealSeconds: 5,
  ownSeconds: 40,
  threads: new Map([['7', { ranSeconds: 1, waitedSeconds: 1 }]]),
};

test('others have everything except what this run had, and a thread that started later counts completely', () => {
  const after: HostReading = {
    ...READING,
    at: 12,
    busySeconds: 103,
    stealSeconds: 5.25,
    ownSeconds: 42,
    threads: new Map([
      ['7', { ranSeconds: 2, waitedSeconds: 1.5 }],
      ['9', { ranSeconds: 0.25, waitedSeconds: 0.125 }],
    ]),
  };
  expect(hostBetween(READING, after)).toEqual({
    seconds: 2,
    cpus: 2,
    othersSeconds: 1,
    stealSeconds: 0.25,
    qemuSeconds: 1.25,
    qemuWaitSeconds: 0.625,
  });
});

test('an error of the ticks below 0 becomes 0, and without a reading nothing is known', () => {
  const after = { ...READING, at: 12, busySeconds: 101, ownSeconds: 41.02, threads: new Map() };
  expect(hostBetween(READING, after)).toEqual({ seconds: 2, cpus: 2, othersSeconds: 0, stealSeconds: 0 });
  expect(hostBetween(undefined, after)).toBeUndefined();
  expect(hostBetween(READING, undefined)).toBeUndefined();
});
