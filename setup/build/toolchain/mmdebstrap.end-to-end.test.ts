/** On a host without mmdebstrap: in a container of a real Docker engine, or an error with advice. */
import { statSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { temporaryCache } from '../../lib/temporary.testing.ts';
import { findEngine } from '../builder/engine.ts';
import { importImage, startEngine, whyNoEngine } from '../builder/engine.testing.ts';
import { withoutPrograms } from '../without-programs.testing.ts';
import { buildRoot } from '../image/guest-root.ts';
import { buildToolchain } from './toolchain.ts';

const never = new AbortController().signal;
const whyNot = await whyNoEngine();

/** On a busy machine with two cores it took more than four minutes. */
const WHOLE_MS = 1_200_000;

function names({ packages }: { readonly packages: Readonly<Record<string, string>> }): string[] {
  return Object.keys(packages).toSorted();
}

test.skipIf(whyNot !== undefined)(
  "a container makes the same toolchain and guests' root as this host, and nothing of it is left",
  { timeout: WHOLE_MS },
  async () => {
    await using engine = await startEngine(never);
    vi.stubEnv('DOCKER_HOST', engine.url);
    const found = await findEngine();
    if (!found.ok) throw new Error(found.why);
    const { dockerode } = found.client.container;
    const [toolchain, root] = await Promise.all([buildToolchain(never), buildRoot(never)]);
    // No registry is reachable from where the tests run.
    const tar = execa('tar', ['--create', `--directory=${toolchain.root}`, '.'], { buffer: false });
    await importImage(found.client, tar.stdout, 'debian:trixie-slim');

    temporaryCache();
    withoutPrograms('dpkg-query', 'mmdebstrap');
    const [otherToolchain, otherRoot] = await Promise.all([buildToolchain(never), buildRoot(never)]);
    // Their versions may be newer than those in this host's cache.
    expect(names(otherToolchain)).toEqual(names(toolchain));
    expect(names(otherRoot)).toEqual(names(root));
    expect(otherRoot.tar).not.toBe(root.tar);
    const { stdout } = await execa('tar', ['--list', `--file=${otherRoot.tar}`]);
    expect(stdout.split('\n')).toContain('./var/lib/nestbench/mysql.tar');
    expect(statSync(otherRoot.tar).mode & 0o444).toBe(0o444);
    expect(await dockerode.listContainers({ all: true })).toEqual([]);
  },
);
