/** The cells of an experiment measured separately, as CI's jobs do, and merged: the same tables as from one run. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { CONTENDED } from '../../reporters/analysis/marks.ts';
import { collectResults } from '../../reporters/model/experiment-results.ts';
import { writeFiles } from '../../reporters/exporters.ts';
import { readJournal } from '../../setup/journal/journal-reader.ts';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import type { Run } from './run.testing.ts';
import { test } from './testbed.testing.ts';

const CHOSEN = ['--project', 'l0-baseline', '--project', 'l1-baseline', '-t', 'hackbench'];

/** Every line of a table without what differs between runs: measurements, and whether the host was busy with other work. */
function shapeOf(file: string): string {
  return readFileSync(file, 'utf8')
    .replaceAll(/\d+\.\d+(e-\d+)?/g, '#')
    .replaceAll(`"${CONTENDED.meaning}"`, '');
}

function cellsOf(run: Run): string[] {
  return run.recordsOf('sample').map(({ cell }) => cell);
}

test('two shards, merged, are the same experiment as one run', async ({ start, place }) => {
  const blobs = temporaryDirectory();
  for (const index of [1, 2]) {
    const blob = `--outputFile.blob=${path.join(blobs, `${index}.json`)}`;
    const run = start(['run', ...CHOSEN, `--shard=${index}/2`, blob], { experiment: 'night' });
    expect(await run.end()).toMatchObject({ exitCode: 0 });
  }
  const folders = [1, 2].map((index) => path.join(place.results, `night.shard-${index}-of-2`));
  expect(readdirSync(place.results)).not.toContain('night');

  const merge = start(['--merge-reports', blobs], { experiment: 'night' });
  expect(await merge.end()).toMatchObject({ exitCode: 0 });
  expect(cellsOf(merge).toSorted()).toEqual(['l0-baseline', 'l1-baseline']);
  // With ^ after it if the host was busy with other work.
  expect(merge.stdout).toMatch(/^l0-baseline +[\d.]+\^?\nl1-baseline +[\d.]+ +\([\d.]+x\)\^?$/m);
  // It only reads, and starts nothing.
  expect(merge.recordsOf('experiment')).toHaveLength(2);
  expect(merge.output).not.toContain('booting');

  const whole = start(['run', ...CHOSEN], { experiment: 'whole' });
  expect(await whole.end()).toMatchObject({ exitCode: 0 });
  for (const table of ['summary.csv', 'figure-5.csv', 'figure-6.csv', 'table-4.csv']) {
    expect(shapeOf(path.join(merge.directory, table))).toBe(shapeOf(path.join(whole.directory, table)));
  }

  // And its numbers are the shards' own, byte for byte.
  const alone = temporaryDirectory();
  const records = folders.flatMap((directory) => readJournal(directory).records);
  for (const file of writeFiles(collectResults(records), alone)) {
    if (!file.endsWith('.csv')) continue;
    expect(readFileSync(path.join(merge.directory, file), 'utf8')).toBe(
      readFileSync(path.join(alone, file), 'utf8'),
    );
  }
});
