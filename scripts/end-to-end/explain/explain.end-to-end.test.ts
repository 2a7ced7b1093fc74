/** `npm run explain`, with the emulator that records: building that takes about four CPU minutes. */
import { globSync } from 'node:fs';
import { expect } from 'vitest';
import { MICROBENCHMARK_NAMES } from '../../../fixtures/benchmarks/micro.ts';
import type { Explanation } from '../../../reporters/explain/explanation.ts';
import { readExplanation } from '../../../reporters/explain/read-explanation.ts';
import { type Place, type Run } from '../run.testing.ts';
import type { Start } from '../test.testing.ts';
import { test } from '../testbed.testing.ts';

const CELL = 'l1-baseline';
const OPERATION = 'hypercall';
const BUILD_SECONDS = 1200;
const WARM = { BOOT: 'warm' };

async function succeeded(run: Run, deadlineSeconds: number): Promise<void> {
  const { exitCode } = await run.end(deadlineSeconds);
  if (exitCode !== 0) throw new Error(`It ended with ${exitCode}:\n${run.output}`);
}

function explain(start: Start, operation: string): Run {
  const words = ['scripts/explain.ts', '--cell', CELL, '--operation', operation, '--sequence'];
  return start(words, { environment: WARM, program: 'node' });
}

function explanationsIn({ results }: Place): (Explanation | undefined)[] {
  return globSync('explain-*', { cwd: results }).map((folder) =>
    readExplanation(folder, { results, from: results }),
  );
}

test('the sum over all functions is the cost, within 1 %, and recording does not change the cost', async ({
  start,
  place,
}) => {
  const measuring = start(['run', 'suites/micro', '--project', CELL, '-t', OPERATION], { environment: WARM });
  await succeeded(measuring, BUILD_SECONDS);
  const cost = measuring.recordsOf('sample')[0]?.value ?? NaN;

  const explaining = explain(start, OPERATION);
  await succeeded(explaining, BUILD_SECONDS);
  const [explained] = explanationsIn(place);
  expect(explained?.reported).toBeCloseTo(cost, 0);
  expect(Math.abs((explained?.total ?? NaN) / cost - 1)).toBeLessThan(0.01);
  expect(explained?.crossings).toMatchObject([
    { from: 1, to: 0, reason: 'VMMCALL', count: 1 },
    { from: 0, to: 1, reason: 'continue after VMMCALL', count: 1 },
  ]);
  expect(explaining.output).toContain('svm_vcpu_run');
  expect(explaining.output).toContain('One hypercall at l1-baseline, from its instruction to the next:');
});

test('each operation adds up to what is reported, within 1 %', async ({ start, place }) => {
  for (const operation of MICROBENCHMARK_NAMES) await succeeded(explain(start, operation), BUILD_SECONDS);
  const off = explanationsIn(place).map((explained) => [
    explained?.operation,
    Math.abs((explained?.total ?? NaN) / (explained?.reported ?? NaN) - 1) < 0.01,
  ]);
  expect(Object.fromEntries(off)).toEqual(
    Object.fromEntries(MICROBENCHMARK_NAMES.map((name) => [name, true])),
  );
});
