/** package-lock.json, as npm itself reads it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../setup/lib/temporary.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** npm's own program, run by a Node that reports another version. */
const NPM = realpathSync(spawnSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).stdout.trim());

/** Of Ubuntu 24.04, of Debian 13, and of each newer release line. */
test.each(['v18.19.1', 'v20.19.2', 'v22.19.0', 'v24.21.0', 'v26.0.0'])(
  'npm ci under Node %s has no warning',
  (version) => {
    const place = temporaryDirectory();
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(path.join(ROOT, file), path.join(place, file));
    const pretend = `Object.defineProperty(process, 'version', { value: '${version}' })`;
    const node = [`--import=data:text/javascript,${encodeURIComponent(pretend)}`, NPM];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...node, 'ci', '--dry-run', '--offline'],
      {
        cwd: place,
        encoding: 'utf8',
        // Without settings of the npm that runs the tests, such as the loglevel of `npm run --silent`.
        env: { PATH: process.env['PATH'], HOME: place, npm_config_cache: path.join(place, 'cache') },
      },
    );
    expect(stdout).toMatch(/added \d+ packages/);
    // This warning names a package whose "engines" in the lock file exclude a Node that only installs it. Remove them
    // there.
    expect(stderr).not.toContain('EBADENGINE');
    expect(status).toBe(0);
  },
);
