/**
 * Two cells side by side. NESTBENCH_HOST_CPUS describes a host of eight CPUs, which are the CPUs 0 and 1 four times each,
 * because this host may have only two. Everything is as on a larger host, but the two stacks disturb each other, and the
 * run has to report it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { findOwned } from '../../setup/machine/qemu/qemu-process.ts';
import { leftovers, type Run, runtimeOf } from './run.testing.ts';
import { test } from './testbed.testing.ts';

const BOTH = ['run', 'suites/l0', 'suites/l1', '--project', 'l0-baseline', '--project', 'l1-baseline'];
const environment = { PARALLEL: '2', NESTBENCH_HOST_CPUS: '0,1,0,1,0,1,0,1' };
const CELLS = ['l0-baseline', 'l1-baseline'];

/** Each line is a whole record, or empty: a writer that meets half a line of another ends it. */
function lines(run: Run): unknown[] {
  const text = readFileSync(path.join(run.directory, 'journal.ndjson'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

/** The machines of both stacks, by their directories. */
function machinesOf(run: Run): number {
  return findOwned(runtimeOf(run.place)).length;
}

test('both are measured at once, each with its own machines, and the journal has all of it', async ({
  start,
  place,
}) => {
  const run = start([...BOTH, '-t', 'netperf-rr|netperf-stream'], { experiment: 'both', environment });
  expect(await run.end()).toMatchObject({ exitCode: 0 });
  expect(run.output).toContain('2 cells run side by side, each on CPUs of its own: 0-1; 0-1.');
  expect(run.records).toHaveLength(lines(run).length);
  const [experiment] = run.recordsOf('experiment');
  expect(experiment?.testbed.settings['side by side']).toBe('2');

  const boots = CELLS.map((name) => run.recordsOf('boot').find(({ cell }) => cell === name));
  const [l0, l1] = boots.map((boot) => {
    const end = run.recordsOf('end').find((record) => record.boot === boot?.id);
    return { from: Date.parse(boot?.at ?? ''), to: Date.parse(end?.at ?? '') };
  });
  // L0 is up long before L1, and was measured meanwhile.
  expect(l0?.from).toBeLessThan(l1?.to ?? 0);
  for (const boot of boots) {
    expect(boot?.hostCpus).toEqual([0, 1]);
    expect(boot?.client?.pinned).toHaveLength(1);
    expect(boot?.levels[0]?.pinned).toHaveLength(boot?.levels.length ?? 0);
  }
  for (const cell of CELLS) {
    const samples = run.recordsOf('sample').filter((sample) => sample.cell === cell);
    expect(samples.map(({ benchmark }) => benchmark).toSorted()).toEqual(['netperf-rr', 'netperf-stream']);
  }
  // L1 boots while L0 is measured, on the same CPUs.
  const others = run
    .recordsOf('sample')
    .filter(({ cell }) => cell === 'l0-baseline')
    .map(({ host }) => (host?.othersSeconds ?? 0) / (host?.seconds ?? 1));
  expect(Math.max(...others)).toBeGreaterThan(0.2);
  expect(run.output).toMatch(/samples were taken while other work had the host's CPUs/);
  expect(leftovers(place)).toEqual([]);
});

test('an experiment with cells side by side is continued in the same way, also with a single cell', async ({
  start,
  place,
}) => {
  const unasked = { ...environment, PARALLEL: '' };
  const one = ['run', 'suites/l0', '-t', 'netperf-rr'];
  const begun = start(one, { experiment: 'continued', environment });
  expect(await begun.end()).toMatchObject({ exitCode: 0 });
  const next = start(one, { experiment: 'continued', environment: unasked });
  expect(await next.end()).toMatchObject({ exitCode: 0 });
  expect(next.recordsOf('boot').map(({ hostCpus }) => hostCpus)).toEqual([
    [0, 1],
    [0, 1],
  ]);
  const serial = start(one, { experiment: 'continued', environment: { ...unasked, PARALLEL: '1' } });
  expect(await serial.end()).toMatchObject({ exitCode: 1 });
  expect(serial.output).toContain('Experiment "continued" was measured with the testbed');
  expect(leftovers(place)).toEqual([]);
});

describe('two stacks that run', () => {
  test('end with Ctrl-C, and each cell has its record of why', async ({ start, place }) => {
    const run = start(BOTH, { experiment: 'stopped', environment });
    await run.notes('sample', ({ cell }) => cell === 'l0-baseline');
    await run.says('l1-baseline: booting');
    expect(machinesOf(run)).toBe(4);
    run.killGroup('SIGINT');
    expect(await run.end()).toMatchObject({ exitCode: 130 });
    expect(leftovers(place)).toEqual([]);
    expect(run.records).toHaveLength(lines(run).length);
    const failures = run.recordsOf('failure');
    expect(failures.map(({ code }) => code)).toEqual(['NESTBENCH_ABORTED', 'NESTBENCH_ABORTED']);
    expect(failures.map(({ cell }) => cell).toSorted()).toEqual(CELLS);
    expect(run.recordsOf('sample').length).toBeGreaterThan(0);
  });

  test('are ended by the next start after kill -9, which says so', async ({ start, place }) => {
    const killed = start(BOTH, { experiment: 'killed', environment });
    await killed.notes('sample', ({ cell }) => cell === 'l0-baseline');
    await killed.says('l1-baseline: booting');
    const left = findOwned(runtimeOf(place)).map(({ pid }) => pid);
    expect(left).toHaveLength(4);
    killed.killGroup('SIGKILL');
    expect(await killed.end()).toMatchObject({ signal: 'SIGKILL' });

    // One at a time again: the place of both is swept.
    const next = start(['run', 'suites/l0', '-t', 'netperf-rr'], { experiment: 'after' });
    expect(await next.end()).toMatchObject({ exitCode: 0 });
    for (const pid of left)
      expect(next.output).toContain(`process ${pid}), left behind by a run that was killed`);
    expect(leftovers(place)).toEqual([]);
  });

  test('go on if the worker of one of them is killed, and its machines end', async ({ start, place }) => {
    const run = start([...BOTH, '-t', 'netperf-rr'], { experiment: 'lost', environment });
    await run.says('l1-baseline: booting L1');
    const [qemu] = findOwned(path.join(runtimeOf(place), '2'));
    const status = readFileSync(`/proc/${qemu?.pid}/status`, 'utf8');
    process.kill(Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]), 'SIGKILL');
    expect(await run.end()).toMatchObject({ exitCode: 1 });
    expect(run.recordsOf('sample').map(({ cell }) => cell)).toEqual(['l0-baseline']);
    expect(run.output).toContain('The worker that ran suites/l1/l1.test.ts ended too early');
    expect(leftovers(place)).toEqual([]);
  });
});
