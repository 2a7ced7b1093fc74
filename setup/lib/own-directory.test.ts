import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { OwnDirectory } from './own-directory.ts';
import { temporaryDirectory } from './temporary.testing.ts';

test('is removed with its contents', () => {
  const place = path.join(temporaryDirectory(), 'own');
  mkdirSync(path.join(place, 'inside'), { recursive: true });
  const own = new OwnDirectory(place);
  expect(own.isThere).toBe(true);
  own.remove();
  expect(existsSync(place)).toBe(false);
  own.remove();
});

test('another of the same name is left alone', () => {
  const place = path.join(temporaryDirectory(), 'own');
  mkdirSync(place);
  const own = new OwnDirectory(place);
  rmSync(place, { recursive: true });
  mkdirSync(place);
  expect(own.isThere).toBe(false);
  own.remove();
  expect(existsSync(place)).toBe(true);
});
