/** JUnit output is Vitest's own. This only tests how it is enabled, and how its suites are named. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { parse } from 'junit2json';
import { expect, test } from 'vitest';
import { APPLICATION_NAMES } from '../fixtures/benchmarks/index.ts';
import { temporaryDirectory } from '../setup/lib/temporary.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

test('JUNIT names a file, in which every cell is a suite of its benchmarks', async () => {
  const directory = temporaryDirectory();
  const file = path.join(directory, 'junit.xml');
  // The kernel of this variant has nothing that these cells need: skipped cells boot nothing.
  await execa(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', 'suites/l2', 'suites/l3', '--project', 'l*-dvh'],
    {
      cwd: ROOT,
      env: { JUNIT: file, VARIANT: 'linux-6.1', RESULTS: directory, NODE_ENV: undefined, VITEST: undefined },
      reject: false,
    },
  );
  const report = await parse(readFileSync(file, 'utf8'));
  if (report === undefined || report === null || !('testsuite' in report)) throw new Error('no JUnit report');
  const suites = report.testsuite ?? [];
  expect(suites.map(({ name }) => String(name)).toSorted()).toEqual(['l2-dvh', 'l3-dvh']);
  for (const suite of suites) {
    expect(suite.testcase?.map(({ name }) => name)).toEqual(APPLICATION_NAMES);
    expect(suite.testcase?.every(({ classname, skipped }) => classname === suite.name && skipped)).toBe(true);
  }
});
