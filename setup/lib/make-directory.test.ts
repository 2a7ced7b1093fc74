import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeDirectory } from './make-directory.ts';
import { temporaryDirectory } from './temporary.testing.ts';

test('creates all missing directories, and keeps existing ones', () => {
  const directory = path.join(temporaryDirectory(), 'a/b/c');
  makeDirectory(directory);
  makeDirectory(directory);
  expect(existsSync(directory)).toBe(true);
});

test('ends with an error if nothing can be created', () => {
  expect(() => makeDirectory('/proc/nope/a/b')).toThrow('ENOENT');
});
