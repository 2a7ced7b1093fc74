/** A benchmark's server whose machine is lost; with a real sshd. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endSleeps, uniqueSleep } from '../lib/processes.testing.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { testSshd, whyNoSshd } from '../machine/ssh/sshd.testing.ts';
import { startService } from './service.ts';
import { machines, shell } from './toys.testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const lost = { code: 'NESTBENCH_CONNECTION_LOST', kind: 'infrastructure', machine: 'l1' };

beforeEach((context) => context.skip(whyNoSshd() !== undefined, whyNoSshd()));
// A killed sshd can't end its commands.
afterEach(endSleeps);

test('a connection that drops before a service answers is not the failure of the service', async () => {
  await using sshd = await testSshd();
  await using target = await sshd.machine();
  const asked = path.join(temporaryDirectory(), 'asked');
  const ready = shell(`touch '${asked}'; sleep 0.5; exit 1`, 'client');
  const service = { argv: ['sleep', uniqueSleep()], ready };
  const starting = startService('toy', service, { ...machines, target }, never);
  starting.catch(() => {});
  await expect.poll(() => existsSync(asked)).toBe(true);
  sshd.dropConnections();
  await expect(starting).rejects.toMatchObject(lost);
});

test('nor is one that drops while it is measured', async () => {
  await using sshd = await testSshd();
  await using target = await sshd.machine();
  const service = { argv: ['sleep', uniqueSleep()], ready: shell('true', 'client') };
  await using running = await startService('toy', service, { ...machines, target }, never);
  sshd.dropConnections();
  await target.lost;
  const completed = await machines.client.run(['true'], { signal: never, deadlineSeconds: 10 });
  const unmeasured = { beforeSeconds: 0, afterSeconds: 0, work: undefined };
  const counted = { startedAt: 0, endedAt: 1, l0: undefined, host: undefined };
  const judge = () => running.judge({ state: 'sampled', value: 5, completed, counted, ...unmeasured });
  await expect.poll(() => caught(judge)).toMatchObject(lost);
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
