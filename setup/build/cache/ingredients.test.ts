import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryCache } from '../../lib/temporary.testing.ts';
import { artefact } from './export.testing.ts';
import { artefacts, contentsOf, ingredientsOf } from './ingredients.ts';

test('an artefact is made from those whose hashes are in its inputs, and from what these are made from', async () => {
  const cache = temporaryCache();
  const toolchain = await artefact('toolchain', { gcc: 'gcc' });
  const kernel = await artefact('kernel', { vmlinux: 'k' }, { toolchain: toolchain.hash });
  const image = await artefact('image', { image: 'i' }, { kernel: kernel.hash, format: 'erofs' });
  await artefact('other', { made: 'o' }, { kernel: kernel.hash });
  mkdirSync(path.join(cache, 'kernel-0123456789abcdef.building-1'));
  const all = artefacts();
  expect(all.map(({ provenance }) => provenance.name)).toEqual(['image', 'kernel', 'other', 'toolchain']);
  const names = ingredientsOf([`image-${image.hash}`], all).map(({ provenance }) => provenance.name);
  expect(names).toEqual(['kernel', 'toolchain']);
  expect(contentsOf(`kernel-${kernel.hash}`)).toBe('whole');
});
