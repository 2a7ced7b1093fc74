import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../temporary.testing.ts';
import { buildToolchain, cachedInside, DEFAULT_SUITE, type Toolchain } from './toolchain.ts';

const never = new AbortController().signal;

/** A program in the place of mmdebstrap, which takes a minute and a network: it makes a root with this gcc in it. */
function archiveHas(gcc: string): void {
  const directory = temporaryDirectory();
  const program = path.join(directory, 'mmdebstrap');
  writeFileSync(
    program,
    `#!/bin/sh -eu
for word; do case "$word" in *.tar) tar=$word ;; esac; done
mkdir -p "${directory}/root/var/lib/dpkg"
printf 'Package: gcc\\nVersion: ${gcc}\\n\\n' >"${directory}/root/var/lib/dpkg/status"
tar --create --file="$tar" --directory="${directory}/root" .
`,
  );
  chmodSync(program, 0o755);
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
}

/** Builds what says which gcc it was built by. */
async function thingBy(which: string): Promise<Awaited<ReturnType<typeof cachedInside>>> {
  return cachedInside(DEFAULT_SUITE, never, ({ hash, packages }: Toolchain) => ({
    name: 'thing',
    inputs: { toolchain: hash, gcc: packages['gcc'] ?? '', which },
    signal: never,
    build: async () => ({ gcc: packages['gcc'] ?? '' }),
  }));
}

test('where its root is missing, what was built in it is found, and what is built now has the versions of today', async () => {
  temporaryCache();
  archiveHas('14.1');
  const first = await thingBy('first');
  const { root, hash } = await buildToolchain(never);
  rmSync(root, { recursive: true });
  archiveHas('14.2');
  expect(await thingBy('first')).toEqual(first);
  expect(await buildToolchain(never)).toMatchObject({ hash, packages: { gcc: '14.1' } });
  expect(await thingBy('second')).toMatchObject({ facts: { gcc: '14.2' } });
  expect(await buildToolchain(never)).toMatchObject({ hash, packages: { gcc: '14.2' } });
  // By another compiler it is another artefact.
  expect(await thingBy('first')).not.toEqual(first);
});
