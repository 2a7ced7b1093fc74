/** Two runs at once on one host: only one has the testbed at a time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, onTestFinished } from 'vitest';
import { cacheDirectory } from '../../setup/build/cache/build-cache.ts';
import { leftovers, Run } from './run.testing.ts';
import { test } from './testbed.testing.ts';

const ONE = ['run', 'suites/l0', '-t', 'netperf-rr'];

let first: Run;
test.beforeAll(async ({ place, testbed }) => {
  if (!testbed.heldBySelf) return;
  first = new Run(place, ONE, { experiment: 'first' });
  await first.says('booting the server');
});
afterAll(() => first?.[Symbol.asyncDispose]());

test('the second, with WAIT=0, stops at once and says who holds the testbed', async ({ start }) => {
  const impatient = start(ONE, { experiment: 'impatient', environment: { WAIT: '0' } });
  expect(await impatient.end()).toMatchObject({ exitCode: 1 });
  expect(impatient.output).toMatch(
    new RegExp(
      `The testbed of this host is held by process ${first.pid} \\(.*vitest run suites/l0 -t netperf-rr\\)`,
    ),
  );
  expect(impatient.output).toContain('and was not free within 0 min. Wait for that run, end it, or set WAIT');
  expect(impatient.records).toEqual([]);
});

test('so does one with another TMPDIR and HOME', async ({ start }) => {
  const TMPDIR = mkdtempSync(path.join(tmpdir(), 'nb-'));
  onTestFinished(() => rmSync(TMPDIR, { recursive: true }));
  const environment = { WAIT: '0', TMPDIR, HOME: TMPDIR, XDG_CACHE_HOME: path.dirname(cacheDirectory()) };
  const elsewhere = start(ONE, { experiment: 'elsewhere', environment });
  expect(await elsewhere.end()).toMatchObject({ exitCode: 1 });
  expect(elsewhere.output).toContain(`The testbed of this host is held by process ${first.pid} (`);
  expect(elsewhere.output).toContain('and was not free within 0 min');
});

test('the second says who holds the testbed, waits, and then measures', async ({ start, place }) => {
  const patient = start(ONE, { experiment: 'patient' });
  await patient.says(`The testbed of this host is held by process ${first.pid} (`);
  expect(patient.output).not.toContain('booting');
  expect(await first.end()).toMatchObject({ exitCode: 0 });
  expect(await patient.end()).toMatchObject({ exitCode: 0 });
  expect(leftovers(place)).toEqual([]);

  const [earlier] = first.recordsOf('sample');
  const [later] = patient.recordsOf('boot');
  if (earlier === undefined || later === undefined) throw new Error('nothing was measured');
  const booted = Date.parse(later.at) - later.seconds * 1000;
  expect(booted).toBeGreaterThan(Date.parse(earlier.at));
});
