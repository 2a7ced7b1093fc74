/** Runs that are stopped or killed while they boot and while they measure. */
import { describe, expect } from 'vitest';
import { leftovers } from './run.testing.ts';
import { test } from './testbed.testing.ts';

const L0 = ['run', 'suites/l0', '-t', 'hackbench|netperf-rr'];
const L1 = ['run', 'suites/l1', '--project', 'l1-baseline'];
/** The second benchmark on L0: by then the first has its sample. */
const SECOND = 'netperf-rr: iteration 1 of 1';

describe('Ctrl-C while L1 boots', () => {
  test('ends the run with 130, leaves nothing running and a record of why', async ({ start, place }) => {
    const run = start(L1, { experiment: 'boot' });
    await run.says('booting L1');
    run.killGroup('SIGINT');
    expect(await run.end()).toMatchObject({ exitCode: 130 });
    expect(leftovers(place)).toEqual([]);
    expect(run.recordsOf('failure')).toEqual([
      expect.objectContaining({
        cell: 'l1-baseline',
        benchmark: null,
        code: 'NESTBENCH_ABORTED',
        message: expect.stringContaining('The run was stopped'),
      }),
    ]);
  });
});

describe.for([
  ['Ctrl-C', 'SIGINT', 130],
  ['kill of only the main process', 'SIGTERM', 143],
  ['closing the terminal', 'SIGHUP', 129],
] as const)('%s while a benchmark runs', ([name, signal, exitCode]) => {
  test(`ends the run with ${exitCode}, and keeps the samples until then`, async ({ start, place }) => {
    const run = start(L0, { experiment: signal });
    await run.says(SECOND);
    if (name === 'kill of only the main process') run.kill(signal);
    else run.killGroup(signal);
    expect(await run.end()).toMatchObject({ exitCode });
    expect(leftovers(place)).toEqual([]);
    expect(run.recordsOf('sample').map(({ benchmark }) => benchmark)).toEqual(['hackbench']);
    expect(run.recordsOf('failure')).toEqual([
      expect.objectContaining({
        cell: 'l0-baseline',
        code: 'NESTBENCH_ABORTED',
        message: `The run was stopped (${signal}). What was measured until then is in the journal.`,
      }),
    ]);
    // The run did not pass in Vitest's own summary either.
    expect(run.output).toMatch(/Test Files +1 failed/);
  });
});

describe('kill -9 of the main process', () => {
  test('takes the workers with it, and leaves what was measured', async ({ start }) => {
    const run = start(L0, { experiment: 'main' });
    await run.says(SECOND);
    run.kill('SIGKILL');
    expect(await run.end()).toMatchObject({ signal: 'SIGKILL' });
    await run.groupEnds();
    expect(run.recordsOf('sample').map(({ benchmark }) => benchmark)).toEqual(['hackbench']);
  });
});

describe('kill -9 of all processes of a run', () => {
  test('is cleaned up by the next start, which says so and adds to the experiment', async ({
    start,
    place,
  }) => {
    const killed = start(L0, { experiment: 'killed' });
    await killed.says(SECOND);
    const left = [...killed.machines.values()].map(({ pid }) => pid);
    expect(left).toHaveLength(2);
    killed.killGroup('SIGKILL');
    expect(await killed.end()).toMatchObject({ signal: 'SIGKILL' });

    const next = start(['run', 'suites/l0', '-t', 'netperf-rr'], { experiment: 'killed' });
    expect(await next.end()).toMatchObject({ exitCode: 0 });
    for (const pid of left)
      expect(next.output).toContain(`process ${pid}), left behind by a run that was killed`);
    expect(next.recordsOf('sample').map(({ benchmark }) => benchmark)).toEqual(['hackbench', 'netperf-rr']);
    expect(leftovers(place)).toEqual([]);
  });
});
