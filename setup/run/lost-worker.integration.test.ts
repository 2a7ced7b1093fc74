/** What a run says of a worker that was killed, by a real Vitest. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../lib/temporary.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Runs a suite of one test with this text. */
async function runSuite(text: string) {
  const directory = temporaryDirectory();
  const at = (name: string): string => path.join(directory, name);
  symlinkSync(path.join(ROOT, 'node_modules'), at('node_modules'));
  mkdirSync(at('suites'));
  writeFileSync(at('suites/l0.test.js'), `import { test } from 'vitest';\n${text}`);
  writeFileSync(
    at('vitest.config.js'),
    `import { onUnhandledError } from ${JSON.stringify(path.join(ROOT, 'setup/run/lost-worker.ts'))};
    export default { test: { pool: 'forks', onUnhandledError } };`,
  );
  return execa(process.execPath, [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run'], {
    cwd: directory,
    env: { NODE_ENV: undefined, VITEST: undefined, NO_COLOR: '1' },
    reject: false,
    all: true,
  });
}

test('a worker that was killed fails the run with a sentence', async () => {
  const { exitCode, all } = await runSuite(`test('hackbench', async () => {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  });`);
  expect(all).toContain(
    'The worker that ran suites/l0.test.js ended too early (signal SIGKILL). If nobody killed it, dmesg says whether',
  );
  expect(all).not.toContain('Unhandled');
  expect(all).not.toMatch(/^ *(❯|at) /m);
  expect(exitCode).toBe(1);
}, 60_000);

test('any other unhandled error is printed as Vitest prints it', async () => {
  const { exitCode, all } = await runSuite(
    `test('hackbench', () => void Promise.reject(new Error('a bug')));`,
  );
  expect(all).toMatch(/Unhandled Rejection[^]*a bug/);
  expect(exitCode).toBe(1);
}, 60_000);
