/** Other processes of the host can connect to the port that leads to the server's SSH. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { test } from './testbed.testing.ts';

/** Ten times what a listening Dropbear accepts from one address. */
const IDLE = 50;
/** As in /proc/net/tcp (proc(5)). */
const LISTENING = '0A';

/** The TCP ports that a process listens on. */
function portsOf(pid: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode = '']) => state === LISTENING && inodes.has(inode))
    .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16));
}

test('idle connections do not lock a run out', async ({ start }) => {
  const run = start(['run', 'suites/l0', '-t', 'netperf-rr'], { experiment: 'idle' });
  await expect.poll(() => run.machines.get('l0'), { timeout: 200_000, interval: 20 }).toBeDefined();
  const pid = run.machines.get('l0')?.pid ?? 0;
  await expect.poll(() => portsOf(pid), { timeout: 10_000, interval: 20 }).toHaveLength(1);
  const [port = 0] = portsOf(pid);
  // From the guest's first instruction on: they exist before the run's own connection.
  const idle = Array.from({ length: IDLE }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(() => idle.forEach((socket) => socket.destroy()));
  expect(await run.end()).toMatchObject({ exitCode: 0 });
  expect(run.recordsOf('sample')).toHaveLength(1);
});
