import { mkdtempDisposableSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { InputError } from '../../setup/lib/errors.ts';
import { Journal } from '../../setup/journal/journal.ts';
import { findExperiment } from './find-experiment.ts';

function withResults(names: readonly string[]) {
  const folder = mkdtempDisposableSync(path.join(tmpdir(), 'nestbench-results-'));
  for (const name of names) {
    new Journal(path.join(folder.path, name)).append({
      type: 'skip',
      cell: 'l0-baseline',
      benchmark: 'b',
      reason: 'r',
    });
  }
  return folder;
}

test('a name under results, latest, a path to the directory or to its journal', () => {
  using folder = withResults(['one', 'two']);
  const results = folder.path;
  symlinkSync('two', path.join(results, 'latest'));
  expect(findExperiment('one', { results, from: '/' })).toBe(path.join(results, 'one'));
  expect(findExperiment('latest', { results, from: '/' })).toBe(path.join(results, 'latest'));
  expect(findExperiment(path.join(results, 'two'), { results: '/nowhere', from: '/' })).toBe(
    path.join(results, 'two'),
  );
  expect(findExperiment('./one', { results: '/nowhere', from: results })).toBe(path.join(results, 'one'));
  expect(findExperiment('one/journal.ndjson', { results: '/nowhere', from: results })).toBe(
    path.join(results, 'one'),
  );
});

test('an unknown one is reported with the known ones', () => {
  using folder = withResults(['one', 'two']);
  symlinkSync('gone', path.join(folder.path, 'latest'));
  const places = { results: folder.path, from: '/' };
  expect(() => findExperiment('three', places)).toThrow(/no experiment "three".* Known are one, two\.$/);
  expect(() => findExperiment('latest', places)).toThrow(InputError);
  expect(() => findExperiment('', places)).toThrow(InputError);
  expect(() => findExperiment('x', { results: '/nowhere', from: '/' })).toThrow(/There are none yet/);
});

test('of very many, the last are named', () => {
  using folder = withResults(Array.from({ length: 15 }, (_, index) => `run-${index + 10}`));
  expect(() => findExperiment('three', { results: folder.path, from: '/' })).toThrow(
    /Known are 3 others, run-13, run-14, .*, run-24\.$/,
  );
});
