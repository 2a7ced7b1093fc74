/** The exit codes that every script promises (docs/failures.md), each in its own process. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT, SCRIPTS } from './cli/documents.testing.ts';

/** The files behind `npm run NAME`. */
const FILES = Object.values(SCRIPTS).flatMap((command) => /scripts\/\S+\.ts$/.exec(command)?.[0] ?? []);

function script(file: string, ...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...words], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('there are some', () => {
  expect(FILES).toContain('scripts/doctor.ts');
});

test.each(FILES)('%s exits with 2, and a sentence, for an unknown option', (file) => {
  const { status, stdout, stderr } = script(file, '--nosuch');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain("'--nosuch'");
  expect(stderr).not.toMatch(/\n +at /);
});

test.each(FILES)('%s prints its usage for --help', (file) => {
  const { status, stdout, stderr } = script(file, '--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^npm run \S+/);
});

test.each(['doctor', 'plan', 'restore', 'tune'])(
  '%s does not take an empty --testbed for the emulated one',
  (name) => {
    const words = { plan: ['l1-baseline'], tune: ['on'] }[name] ?? [];
    const { status, stderr } = script(`scripts/${name}.ts`, ...words, '--testbed', '');
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--testbed is ""') });
  },
);

test('a plan of several cells says which run side by side', () => {
  const { status, stdout } = script('scripts/plan.ts', 'l1-baseline', 'l2-baseline');
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^2 cells, /m) });
  const unknown = script('scripts/plan.ts', 'l1-baseline', 'l9-nosuch');
  expect(unknown).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('There is no cell "l9-nosuch"'),
  });
});

test('the doctor says what its exit code means', () => {
  const { status, stdout } = script('scripts/doctor.ts', '--help');
  expect(status).toBe(0);
  expect(stdout).toContain('1 if something must be fixed first');
});
