import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { EXPLAINED } from './explanation.testing.ts';
import { EXPLANATION_FILE, readExplanation } from './read-explanation.ts';

/** `results/` with one result. */
function withResult(text: string) {
  const results = temporaryDirectory();
  mkdirSync(path.join(results, 'explain-1'));
  writeFileSync(path.join(results, 'explain-1', EXPLANATION_FILE), text);
  return { results, from: results };
}

test('reads a result by its name, by its folder and by its file', () => {
  const places = withResult(JSON.stringify(EXPLAINED));
  const folder = path.join(places.results, 'explain-1');
  for (const name of ['explain-1', folder, path.join(folder, EXPLANATION_FILE)])
    expect(readExplanation(name, places)).toEqual(EXPLAINED);
});

test('a name that does not exist is none', () => {
  expect(readExplanation('explain-2', withResult('{}'))).toBeUndefined();
});

test.each([
  ['{', 'is no result of npm run explain'],
  [JSON.stringify({ ...EXPLAINED, format: 2 }), 'Invalid input: expected 1'],
])('%j is reported', (text, sentence) => {
  expect(() => readExplanation('explain-1', withResult(text))).toThrow(sentence);
});
