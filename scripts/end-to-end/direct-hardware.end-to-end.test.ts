/** A cell with direct virtual hardware: what proves it, and that nothing is measured on a stack without it. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { describeMechanisms, maskOf } from '../../fixtures/configurations/mechanisms.ts';
import { configurationOf } from '../../fixtures/matrix.ts';
import { leftovers } from './run.testing.ts';
import { test } from './testbed.testing.ts';

const { mechanisms = [] } = configurationOf({ configuration: 'dvh' });
const MASK = maskOf(mechanisms);

test('l2-dvh is measured once L0 has shown that it handles the hardware of L2', async ({ start, place }) => {
  const argv = ['run', 'suites/l2', '--project', 'l2-dvh', '-t', '^(hackbench|netperf-rr)$'];
  const run = start(argv, { experiment: 'dvh' });
  const ended = await run.end(600);
  expect({ ...ended, output: run.output }).toMatchObject({ exitCode: 0 });

  const [boot] = run.recordsOf('boot');
  expect(boot?.mechanisms).toEqual([...mechanisms, 'idle']);
  expect(boot?.levels.map(({ dvhMask }) => dvhMask)).toEqual([MASK, MASK, undefined]);
  // Each run of samples was proved: otherwise it would be a failure.
  expect(run.recordsOf('sample').map(({ benchmark }) => benchmark)).toEqual(['hackbench', 'netperf-rr']);
  expect(run.recordsOf('failure')).toEqual([]);

  const words = `${describeMechanisms([...mechanisms, 'idle'])} in l2-dvh`;
  expect(run.output.replaceAll(/\s+/g, ' ')).toContain(`direct virtual hardware: ${words}`);
  expect(readFileSync(path.join(run.directory, 'tables.txt'), 'utf8')).toMatch(
    new RegExp(`^direct hardware +${words}$`, 'm'),
  );
  expect(readFileSync(path.join(run.directory, 'report.html'), 'utf8')).toContain(words);
  expect(leftovers(place)).toEqual([]);
});

test('nothing is measured if a level has it off, and the level is named', async ({ start, place }) => {
  const variant = path.join(place.results, 'l1-without.yaml');
  writeFileSync(variant, 'kernelParameters: { l1: [kvm_amd.dvh=0] }\n');
  const run = start(['run', 'suites/l2', '--project', 'l2-dvh', '-t', '^hackbench$'], {
    experiment: 'without',
    environment: { VARIANT: variant },
  });
  expect(await run.end()).toMatchObject({ exitCode: 1 });
  expect(run.recordsOf('failure')).toEqual([
    expect.objectContaining({
      code: 'NESTBENCH_CHECK_FAILED',
      machine: 'l1',
      message: `l1 has kvm_amd.dvh=0 (off), and the cell needs ${MASK} (${mechanisms.join(', ')}). Take kvm_amd.dvh=0 out of the variant. Nothing is measured on it.`,
    }),
  ]);
  expect([run.recordsOf('boot'), run.recordsOf('sample')]).toEqual([[], []]);
  expect(leftovers(place)).toEqual([]);
});
