import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryCache } from '../../lib/temporary.testing.ts';
import { archiveHas } from '../archive.testing.ts';
import { buildToolchain, cachedInside, DEFAULT_SUITE, type Toolchain } from './toolchain.ts';

const never = new AbortController().signal;

/** Builds something that says which gcc built it. */
async function thingBy(which: string): Promise<Awaited<ReturnType<typeof cachedInside>>> {
  return cachedInside(DEFAULT_SUITE, never, ({ hash, packages }: Toolchain) => ({
    name: 'thing',
    inputs: { toolchain: hash, gcc: packages['gcc'] ?? '', which },
    signal: never,
    build: async () => ({ gcc: packages['gcc'] ?? '' }),
  }));
}

test('without its root, what was built in it is found, and new builds have current versions', async () => {
  temporaryCache();
  archiveHas({ gcc: '14.1' });
  const first = await thingBy('first');
  const { root, hash } = await buildToolchain(never);
  rmSync(root, { recursive: true });
  archiveHas({ gcc: '14.2' });
  expect(await thingBy('first')).toEqual(first);
  expect(await buildToolchain(never)).toMatchObject({ hash, packages: { gcc: '14.1' } });
  expect(await thingBy('second')).toMatchObject({ facts: { gcc: '14.2' } });
  expect(await buildToolchain(never)).toMatchObject({ hash, packages: { gcc: '14.2' } });
  // With another compiler it is another artefact.
  expect(await thingBy('first')).not.toEqual(first);
});

test('what was built is described by the toolchain that it was built in, also after that was made again', async () => {
  temporaryCache();
  archiveHas({ gcc: '14.1' });
  const { toolchain } = await thingBy('first');
  rmSync(toolchain.root, { recursive: true });
  archiveHas({ gcc: '14.2' });
  const [first, second] = await Promise.all([thingBy('first'), thingBy('second')]);
  expect([first, second].map((each) => each.toolchain.packages['gcc'])).toEqual(['14.1', '14.2']);
});
