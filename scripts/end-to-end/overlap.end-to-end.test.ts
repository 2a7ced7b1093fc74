/** Options of Vitest's command line that would run two benchmarks at once, or let a series outlive its test. */
import { expect } from 'vitest';
import type { Run } from './run.testing.ts';
import { test } from './testbed.testing.ts';

const L0 = ['run', 'suites/l0', '-t', 'hackbench|netperf-rr'];

/** When each benchmark's samples began and ended, in the order of the journal. */
function spans(run: Run): { benchmark: string; start: number; end: number }[] {
  return run.recordsOf('sample').map(({ benchmark, started, seconds }) => {
    const start = Date.parse(started);
    return { benchmark, start, end: start + seconds * 1000 };
  });
}

test('concurrent tests are measured one after another', async ({ start }) => {
  const run = start([...L0, '--sequence.concurrent', '--maxConcurrency=8'], { experiment: 'concurrent' });
  expect(await run.end()).toMatchObject({ exitCode: 0 });
  const [first, second] = spans(run);
  if (first === undefined || second === undefined) throw new Error('not both were measured');
  expect(new Set([first.benchmark, second.benchmark]).size).toBe(2);
  expect(second.start).toBeGreaterThanOrEqual(first.end);
});

test('a test that times out ends its series, and the next one waits for that', async ({ start }) => {
  const run = start([...L0, '--testTimeout=1500'], {
    experiment: 'timeout',
    environment: { PROFILE: 'quick' },
  });
  expect(await run.end()).toMatchObject({ exitCode: 1 });
  const failed = run.recordsOf('failure');
  expect(failed.map(({ benchmark, code, kind }) => ({ benchmark, code, kind }))).toContainEqual({
    benchmark: 'netperf-rr',
    code: 'NESTBENCH_ABORTED',
    kind: 'benchmark',
  });
  expect(failed.at(-1)?.message).toMatch(
    /^The test "netperf-rr" ended before its series did \(Test timed out/,
  );
  const all = spans(run).toSorted((one, other) => one.start - other.start);
  for (const [index, { start: began }] of all.entries()) {
    expect(began).toBeGreaterThanOrEqual(all[index - 1]?.end ?? 0);
  }
  // Nothing of a series comes after its failure.
  const last = run.records.findLastIndex(
    (record) => record.type === 'sample' && record.benchmark === 'netperf-rr',
  );
  const failure = run.records.findIndex(
    (record) => record.type === 'failure' && record.benchmark === 'netperf-rr',
  );
  expect(last).toBeLessThan(failure);
});
