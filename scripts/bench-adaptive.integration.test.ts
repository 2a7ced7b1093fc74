/** scripts/bench-adaptive.ts as a user runs it: in its own process, with its output and exit code. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { TestJournal } from '../reporters/model/journal.testing.ts';

function bench(from: string, ...args: string[]) {
  const script = path.join(import.meta.dirname, 'bench-adaptive.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: from, RESULTS: path.join(import.meta.dirname, 'no-results') },
  });
  return { status, stdout, stderr };
}

test('replays synthetic, kept and named series; the same seed gives the same numbers', () => {
  const values = Array.from({ length: 12 }, (_, index) => 100 + (index % 3));
  using journal = new TestJournal()
    .start()
    .samples('l2-baseline', 'hackbench', values)
    .samples('l2-baseline', 'mysql', [1, 2, 3]);
  const once = bench(journal.directory, '.', '--repeats', '200');
  expect(once.status).toBe(0);
  expect(once.stdout).toMatch(/^HELD: the worst of these \d+ held in \d/m);
  expect(once.stdout).toMatch(/^\.: l2-baseline hackbench, run 1, drawn +5\.0 +8[78] %/m);
  expect(once.stdout).toMatch(/^l1-baseline hackbench, in order /m);
  expect(once.stderr).toContain('.: 1 run of less than 10 samples left out');
  expect(bench(journal.directory, '.', '--repeats', '200').stdout).toBe(once.stdout);
  expect(bench(journal.directory, '.', '--repeats', '200', '--seed', '2').stdout).not.toBe(once.stdout);
});

test.each([['nosuch-experiment'], ['--nosuch'], ['--repeats', '1']])(
  'one sentence and exit code 2 for %j %j',
  (...args) => {
    const { status, stdout, stderr } = bench('/', ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  },
);
