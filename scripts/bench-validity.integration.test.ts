/** scripts/bench-validity.ts as a user runs it: in its own process, with its output and exit code. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

function bench(...args: string[]) {
  const script = path.join(import.meta.dirname, 'bench-validity.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('measures the named lines; the same seed gives the same numbers', () => {
  const once = bench('within one boot', '--count', '200');
  expect(once.status).toBe(0);
  expect(once.stdout).toMatch(/^HELD: /m);
  expect(bench('within one boot', '--count', '200').stdout).toBe(once.stdout);
  expect(bench('within one boot', '--count', '200', '--seed', '2').stdout).not.toBe(once.stdout);
});

test.each([['no such line'], ['--nosuch'], ['--count', '1'], ['--seed', '1.5']])(
  'one sentence and exit code 2 for %j %j',
  (...args) => {
    const { status, stdout, stderr } = bench(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  },
);
