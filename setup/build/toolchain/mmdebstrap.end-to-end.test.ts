/** On a host without mmdebstrap: in a container of a real Docker engine, or told what to do. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../../lib/temporary.testing.ts';
import { findEngine } from '../builder/engine.ts';
import { MIRROR } from './debian.ts';
import { startEngine, whyNoEngine } from '../builder/engine.testing.ts';
import { withoutPrograms } from '../without-programs.testing.ts';
import { bootstrap } from './mmdebstrap.ts';
import { buildToolchain } from './toolchain.ts';

const never = new AbortController().signal;
const whyNot = await whyNoEngine();

function smallRoot(directory: string): Promise<void> {
  return bootstrap(
    {
      suite: 'trixie',
      tar: path.join(directory, 'root.tar'),
      options: ['--variant=essential'],
      sources: [MIRROR],
      purpose: 'making a small root',
      task: 'image',
      phases: [],
    },
    { directory, log: path.join(directory, 'log'), signal: never },
  );
}

test.skipIf(whyNot !== undefined)('mmdebstrap runs in a container, of which nothing is left', async () => {
  await using engine = await startEngine(never);
  vi.stubEnv('DOCKER_HOST', engine.url);
  const found = await findEngine();
  if (!found.ok) throw new Error(found.why);
  const { dockerode } = found.client.container;
  // No registry can be reached from where the tests run.
  const { root } = await buildToolchain(never);
  const tar = execa('tar', ['--create', `--directory=${root}`, '.'], { buffer: false });
  await dockerode.importImage(tar.stdout, { repo: 'debian', tag: 'trixie-slim' });

  withoutPrograms('dpkg-query', 'mmdebstrap');
  vi.stubEnv('DOCKER_HOST', engine.url);
  const directory = temporaryDirectory();
  await smallRoot(directory);
  const { stdout } = await execa('tar', ['--list', `--file=${directory}/root.tar`]);
  expect(stdout).toMatch(/^\.\/(usr\/)?bin\/hostname$/m);
  expect(statSync(path.join(directory, 'root.tar')).mode & 0o444).toBe(0o444);
  expect(await dockerode.listContainers({ all: true })).toEqual([]);
});
