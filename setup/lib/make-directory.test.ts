import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeDirectory } from './make-directory.ts';
import { temporaryDirectory } from './temporary.testing.ts';

test('makes all that is missing, and leaves what is there', () => {
  const directory = path.join(temporaryDirectory(), 'a/b/c');
  makeDirectory(directory);
  makeDirectory(directory);
  expect(existsSync(directory)).toBe(true);
});

test('ends with an error where nothing can be made', () => {
  expect(() => makeDirectory('/proc/nope/a/b')).toThrow('ENOENT');
});
