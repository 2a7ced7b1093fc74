import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../temporary.testing.ts';
import { bootstrap } from './mmdebstrap.ts';

test('where there is neither mmdebstrap nor an engine, one message says what to do', async () => {
  temporaryCache();
  const programs = temporaryDirectory();
  for (const name of ['flock', 'sh', 'cat']) symlinkSync(`/bin/${name}`, path.join(programs, name));
  vi.stubEnv('PATH', programs);
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock');
  vi.stubEnv('XDG_RUNTIME_DIR', '/nonexistent');
  onTestFinished(() => void vi.unstubAllEnvs());
  const directory = temporaryDirectory();
  const wanted = {
    suite: 'trixie',
    tar: '',
    options: [],
    sources: [],
    purpose: '',
    task: 'image',
    phases: [],
  };
  const { signal } = new AbortController();
  await expect(bootstrap(wanted, { directory, log: `${directory}/log`, signal })).rejects.toMatchObject({
    code: 'NESTBENCH_PACKAGE_MISSING',
    kind: 'configuration',
    message: expect.stringMatching(/Missing: mmdebstrap .*Or start Docker or Podman's socket/),
  });
});
