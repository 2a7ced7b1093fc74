import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../../lib/temporary.testing.ts';
import { onSmallDisk } from '../cache/export.testing.ts';
import { type Bootstrap, bootstrap } from './mmdebstrap.ts';

const { signal } = new AbortController();

function nothing(tar = ''): Bootstrap {
  return { suite: 'trixie', tar, options: [], sources: [], purpose: '', phases: [] };
}

test('without mmdebstrap and an engine, one message says what to do', async () => {
  temporaryCache();
  const programs = temporaryDirectory();
  for (const name of ['flock', 'sh', 'cat', 'mount']) symlinkSync(`/bin/${name}`, path.join(programs, name));
  vi.stubEnv('PATH', programs);
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
  vi.stubEnv('XDG_RUNTIME_DIR', '/nonexistent');
  onTestFinished(() => void vi.unstubAllEnvs());
  const directory = temporaryDirectory();
  await expect(
    bootstrap(nothing(), { task: 'image', directory, log: `${directory}/log`, signal }),
  ).rejects.toMatchObject({
    code: 'NESTBENCH_PACKAGE_MISSING',
    kind: 'configuration',
    message: expect.stringMatching(/Missing: mmdebstrap .*Or start Docker or Podman's socket/),
  });
});

test.each([
  [undefined, '/var/tmp'],
  ['', '/var/tmp'],
  ['/', '/'],
])('with TMPDIR=%s mmdebstrap works in %s', async (value, expected) => {
  const directory = temporaryDirectory();
  const program = '#!/bin/sh\nfor word; do case "$word" in *.tar) echo "$TMPDIR" >"$word" ;; esac; done\n';
  writeFileSync(path.join(directory, 'mmdebstrap'), program, { mode: 0o755 });
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
  vi.stubEnv('TMPDIR', value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const tar = path.join(directory, 'it.tar');
  await bootstrap(nothing(tar), { task: 'image', directory, log: `${directory}/log`, signal });
  expect(readFileSync(tar, 'utf8')).toBe(`${expected}\n`);
});

test('too little space for mmdebstrap is reported before it starts', () => {
  const directory = temporaryDirectory();
  vi.stubEnv('TMPDIR', directory);
  onTestFinished(() => void vi.unstubAllEnvs());
  const said = onSmallDisk(
    directory,
    16 * 1024 * 1024,
    `import { bootstrap } from ${JSON.stringify(path.join(import.meta.dirname, 'mmdebstrap.ts'))};
    const workplace = { task: 'image', directory: '/', log: '/dev/null', signal: new AbortController().signal };
    await bootstrap(${JSON.stringify(nothing('/x.tar'))}, workplace).catch(({ code, message }) => console.log(code, message));`,
  );
  expect(said).toBe(
    `NESTBENCH_NO_SPACE mmdebstrap needs 1.9 GiB in ${directory} while it makes the toolchain and the guests' root file system, and 16.0 MiB are free. Make room, or set TMPDIR to a directory on a larger disk.\n`,
  );
});
