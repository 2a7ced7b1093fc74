import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './temporary.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Runs up to the point where the configuration is read. */
function list(name: string) {
  const checkout = path.join(temporaryDirectory(), name);
  mkdirSync(checkout);
  for (const file of ['vitest.config.ts', 'package.json'])
    copyFileSync(path.join(ROOT, file), path.join(checkout, file));
  for (const folder of ['fixtures', 'setup', 'node_modules'])
    symlinkSync(path.join(ROOT, folder), path.join(checkout, folder));
  const argv = [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), 'list', 'suites'];
  const env = { ...process.env, VITEST: undefined, NODE_ENV: undefined };
  return spawnSync(process.execPath, argv, { cwd: checkout, encoding: 'utf8', env });
}

test.each(['a#b', 'a%b', 'a%20b', 'a\nb'])('a run in %j prints only the sentence', (name) => {
  const { status, stderr } = list(name);
  expect(stderr).toMatch(
    /^The checkout's path, ".*", contains ".*", and Vite does not start in such a path\. Move .*\n$/,
  );
  expect(status).toBe(1);
});
