/** `npm run explain`, with the emulator that records: building that takes about four CPU minutes. */
import { globSync } from 'node:fs';
import { expect } from 'vitest';
import type { Explanation } from '../../../reporters/explain/explanation.ts';
import { readExplanation } from '../../../reporters/explain/read-explanation.ts';
import { type Place, type Run } from '../run.testing.ts';
import { test } from '../testbed.testing.ts';

const CELL = 'l1-baseline';
const OPERATION = 'hypercall';
const BUILD_SECONDS = 1200;
const WARM = { BOOT: 'warm' };

async function succeeded(run: Run, deadlineSeconds: number): Promise<void> {
  const { exitCode } = await run.end(deadlineSeconds);
  if (exitCode !== 0) throw new Error(`It ended with ${exitCode}:\n${run.output}`);
}

function explanationIn({ results }: Place): Explanation | undefined {
  const [folder = ''] = globSync('explain-*', { cwd: results });
  return readExplanation(folder, { results, from: results });
}

test('the sum over all functions is the cost, within 1 %, and recording does not change the cost', async ({
  start,
  place,
}) => {
  const measuring = start(['run', 'suites/micro', '--project', CELL, '-t', OPERATION], { environment: WARM });
  await succeeded(measuring, BUILD_SECONDS);
  const cost = measuring.recordsOf('sample')[0]?.value ?? NaN;

  const explaining = start(['scripts/explain.ts', '--cell', CELL, '--operation', OPERATION, '--sequence'], {
    environment: WARM,
    program: 'node',
  });
  await succeeded(explaining, BUILD_SECONDS);
  const explained = explanationIn(place);
  expect(explained?.reported).toBeCloseTo(cost, 0);
  expect(Math.abs((explained?.total ?? NaN) / cost - 1)).toBeLessThan(0.01);
  expect(explained?.crossings).toMatchObject([
    { from: 1, to: 0, reason: 'VMMCALL', count: 1 },
    { from: 0, to: 1, reason: 'continue after VMMCALL', count: 1 },
  ]);
  expect(explaining.output).toContain('svm_vcpu_run');
  expect(explaining.output).toContain('One hypercall at l1-baseline, from its instruction to the next:');
});
