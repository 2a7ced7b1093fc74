import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { realisticJournal } from './experiment.testing.ts';
import { loadResults } from './load.ts';

test('a journal is read like its records', () => {
  using journal = realisticJournal();
  const { results, damaged } = loadResults(journal.directory);
  expect(damaged).toEqual([]);
  expect(results).toEqual(journal.results);
});

test.each([
  ['appended to itself', (lines: string[]) => [...lines, ...lines]],
  ['with every line twice', (lines: string[]) => lines.flatMap((line) => [line, line])],
])('a journal %s gives the same results', (_, copy) => {
  using journal = realisticJournal();
  const { file } = journal.journal;
  const before = journal.results;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(file, `${copy(lines).join('\n')}\n`);
  const { results, damaged } = loadResults(journal.directory);
  expect(results).toEqual(before);
  expect(journal.results).toEqual(before);
  expect(damaged).toHaveLength(lines.length);
});
