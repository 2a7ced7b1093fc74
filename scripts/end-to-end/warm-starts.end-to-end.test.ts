/**
 * The first run saves a cell's stack and the next one restores it: what is right afterwards, and which faults are
 * noticed.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { StartRecord } from '../../fixtures/records.ts';
import { restore } from '../../setup/testbed/emulated/snapshot/restore-snapshot.ts';
import { leftovers, type Run, runtimeOf } from './run.testing.ts';
import { planOf, snapshotOf, snapshots, test, warm } from './snapshots.testing.ts';
import type { Start } from './test.testing.ts';

const CELL = 'l1-baseline';
const WORDS = ['run', 'suites/l1', '--project', CELL, '-t', 'hackbench|netperf-rr'];

async function run(start: Start, cache: string, experiment: string, ...words: string[]): Promise<Run> {
  const started = start([...WORDS, ...words], { experiment, environment: warm(cache) });
  const { exitCode } = await started.end();
  if (exitCode !== 0) throw new Error(`${experiment} ended with ${exitCode}:\n${started.output}`);
  return started;
}

function startOf(measured: Run): StartRecord {
  const [boot, ...others] = measured.recordsOf('boot');
  if (boot?.start === undefined || others.length > 0) throw new Error(measured.output);
  return boot.start;
}

test('the first run measures the booted stack, then saves it; the next run restores it', async ({
  start,
  cache,
  place,
}) => {
  const first = await run(start, cache, 'first');
  const [booted] = first.recordsOf('boot');
  expect(booted?.start).toEqual({ kind: 'cold', why: 'there was no snapshot', state: 'booted' });
  expect(booted?.phases.map(({ name }) => name)).toEqual(expect.arrayContaining(['l1: kernel', 'prime']));
  const [end] = first.recordsOf('end');
  expect(end?.phases?.map(({ name }) => name)).toEqual(['prime', 'save', 'save: proof']);
  // Nothing but the samples was waited for.
  expect(first.output.indexOf('hackbench')).toBeLessThan(first.output.indexOf('priming: mysql'));

  const second = await run(start, cache, 'second');
  const [restored] = second.recordsOf('boot');
  expect(restored?.start).toMatchObject({ kind: 'warm', snapshot: snapshotOf(CELL, cache).name });
  expect(restored?.phases.map(({ name }) => name)).not.toContain('l1: kernel');
  // These are the same machines that were checked when they booted, and their consoles are kept.
  expect(restored?.levels).toEqual(booted?.levels);
  expect(readFileSync(path.join(second.directory, CELL, 'console-l1.log'), 'utf8')).toContain(
    'nestbench: l1 up',
  );
  expect(second.recordsOf('sample').map(({ benchmark }) => benchmark)).toEqual(['hackbench', 'netperf-rr']);
  expect(leftovers(place)).toEqual([]);
});

test('clocks are right after a restore, and no two restores draw the same random numbers', async ({
  cache,
  place,
}) => {
  const snapshot = snapshotOf(CELL, cache);
  const drawn: string[] = [];
  for (const round of ['one', 'two']) {
    const runtime = runtimeOf(place);
    const { signal } = new AbortController();
    const options = { runtime, logs: path.join(place.results, 'logs', round), signal };
    await using stack = (await restore(await planOf(snapshot, place), snapshot, options)).running;
    for (const machine of [stack.client, ...stack.machines]) {
      const asked = { signal, deadlineSeconds: 60 };
      const began = Date.now() / 1000;
      const time = Number(await machine.check(['date', '+%s.%N'], asked));
      // Within the duration of the command itself.
      expect(time).toBeGreaterThan(began - 2);
      expect(time).toBeLessThan(Date.now() / 1000 + 2);
      drawn.push(await machine.check(['cat', '/proc/sys/kernel/random/uuid'], asked));
    }
  }
  expect(drawn).toHaveLength(6);
  expect(new Set(drawn).size).toBe(6);
});

test('a machine that was started in advance and ends is started again, and the snapshot is kept', async ({
  start,
  cache,
}) => {
  const kept = snapshots(cache);
  const measured = start(WORDS, { experiment: 'ended', environment: warm(cache) });
  const { pid } = await measured.machine('client');
  process.kill(pid, 'SIGKILL');
  expect(await measured.end()).toMatchObject({ exitCode: 0 });
  expect(measured.output).toContain('A machine that was started in advance has ended');
  expect(startOf(measured).kind).toBe('warm');
  expect(snapshots(cache)).toEqual(kept);
});

test('after two dashes --cold boots, and leaves the snapshot alone', async ({ start, cache }) => {
  const cold = await run(start, cache, 'cold', '--', '--cold');
  expect(startOf(cold)).toEqual({ kind: 'cold', why: 'asked for', state: 'booted' });
  expect(snapshots(cache)).toHaveLength(1);
});

test('a restored stack that is lost is replaced by one that boots, and nothing has failed in the end', async ({
  start,
  cache,
  place,
}) => {
  const lost = start(WORDS, { experiment: 'lost', environment: warm(cache) });
  await lost.notes('sample');
  const server = lost.machines.get('l0');
  if (server === undefined) throw new Error(lost.output);
  process.kill(server.pid, 'SIGKILL');
  expect((await lost.end()).exitCode).toBe(0);
  expect(lost.recordsOf('boot').map((boot) => boot.start?.kind)).toEqual(['warm', 'cold']);
  expect(lost.recordsOf('failure')).toEqual([
    expect.objectContaining({ cell: CELL, benchmark: null, kind: 'infrastructure' }),
  ]);
  // The benchmark during which it was lost is continued, and nothing is measured twice.
  const [first, second] = lost.recordsOf('boot').map(({ id }) => id);
  expect(lost.recordsOf('sample')).toMatchObject([
    { benchmark: 'hackbench', run: 1, boot: first },
    { benchmark: 'netperf-rr', run: 1, boot: second },
  ]);
  expect(lost.output).toContain('the stack was lost, and boots again');
  expect(leftovers(place)).toEqual([]);
});

test('a run that is stopped during a restore leaves nothing running, and the snapshot intact', async ({
  start,
  cache,
  place,
}) => {
  const stopped = start(WORDS, { experiment: 'stopped', environment: warm(cache) });
  await stopped.says('restoring the stack');
  stopped.killGroup('SIGINT');
  expect((await stopped.end()).exitCode).toBe(130);
  expect(leftovers(place)).toEqual([]);
  expect(snapshots(cache)).toHaveLength(1);
  expect(stopped.output).not.toContain('is dropped');
});

test.for([
  { how: 'that QEMU does not load', at: 0 },
  { how: 'with which the machine runs', at: 1000 },
])(
  'a damaged snapshot $how is noticed, reported and dropped, and the cell boots and is saved again',
  async ({ at }, { start, cache }) => {
    const handle = openSync(path.join(snapshotOf(CELL, cache).directory, 'server.state'), 'r+');
    writeSync(handle, Buffer.alloc(1000), 0, 1000, at);
    closeSync(handle);
    const rebuilt = await run(start, cache, `rebuilt-${at}`);
    expect(rebuilt.output).toContain('is dropped, as it does not come back: server.state is damaged');
    expect(startOf(rebuilt)).toMatchObject({ kind: 'cold', state: 'booted' });
    expect(startOf(await run(start, cache, `again-${at}`)).kind).toBe('warm');
  },
);

test('npm run clean -- --snapshots drops them, and nothing else in the cache', async ({ start, cache }) => {
  const before = readdirSync(cache);
  const cleaned = start(['scripts/clean.ts', '--snapshots'], {
    program: 'node_modules/.bin/node',
    environment: { XDG_CACHE_HOME: path.dirname(cache) },
  });
  expect((await cleaned.end()).exitCode).toBe(0);
  expect(cleaned.output).toMatch(/^Dropped the snapshots in .*: [\d.]+ MiB freed\.\n$/);
  expect(readdirSync(cache).toSorted()).toEqual(before.filter((name) => name !== 'snapshots').toSorted());
});
