import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { readJournal } from '../../setup/journal/journal-reader.ts';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { writeFiles } from '../exporters.ts';
import { TestJournal } from './journal.testing.ts';
import { mergeShards } from './merge.ts';
import { collectResults } from './experiment-results.ts';

/** A results folder with shards as runs leave them. */
class Shards {
  readonly results = temporaryDirectory();

  add(folder: string, cell: string, start: Partial<ExperimentRecord> = {}): this {
    using journal = new TestJournal()
      .start({ experiment: 'night', ...start })
      .samples(cell, 'hackbench', [1, 2, 3])
      .samples(cell, 'netperf-rr', [900, 950, 1000]);
    const directory = path.join(this.results, folder);
    cpSync(journal.directory, directory, { recursive: true });
    mkdirSync(path.join(directory, cell));
    writeFileSync(path.join(directory, cell, 'raw.txt'), cell);
    return this;
  }

  merge(): ReturnType<typeof mergeShards> {
    return mergeShards('night', this.results);
  }
}

function both(): Shards {
  return new Shards().add('night.shard-1-of-2', 'l0-baseline').add('night.shard-2-of-2', 'l1-baseline');
}

describe('two shards', () => {
  test('give one experiment, with all their records and outputs', () => {
    const shards = both();
    const { directory, warnings, whole } = shards.merge();
    expect([directory, warnings, whole]).toEqual([path.join(shards.results, 'night'), [], true]);
    const own = [1, 2].flatMap(
      (index) => readJournal(path.join(shards.results, `night.shard-${index}-of-2`)).records,
    );
    expect(readJournal(directory)).toEqual({ records: own, damaged: [] });
    expect(readFileSync(path.join(directory, 'l1-baseline/raw.txt'), 'utf8')).toBe('l1-baseline');
    expect(readdirSync(path.join(shards.results, 'latest'))).toContain('journal.ndjson');
  });

  test('give the tables that one run of both would give', () => {
    const { directory } = both().merge();
    using whole = new TestJournal().start({ experiment: 'night' });
    for (const cell of ['l0-baseline', 'l1-baseline']) {
      whole.samples(cell, 'hackbench', [1, 2, 3]).samples(cell, 'netperf-rr', [900, 950, 1000]);
    }
    const tables = ['summary.csv', 'figure-5.csv', 'table-4.csv', 'l1-baseline/hackbench.csv'];
    writeFiles(collectResults(readJournal(directory).records), directory);
    writeFiles(whole.results, whole.directory);
    for (const file of tables) {
      expect(readFileSync(path.join(directory, file), 'utf8')).toBe(
        readFileSync(path.join(whole.directory, file), 'utf8'),
      );
    }
  });

  test('can be merged any number of times', () => {
    const shards = both();
    const { directory } = shards.merge();
    const before = readFileSync(path.join(directory, 'journal.ndjson'), 'utf8');
    shards.merge();
    expect(readFileSync(path.join(directory, 'journal.ndjson'), 'utf8')).toBe(before);
  });

  test('on different hosts cause a warning', () => {
    const host = { cpuModel: 'Xeon', cpus: 4, memoryBytes: 2 ** 34, kernel: '6.12' };
    const shards = new Shards()
      .add('night.shard-1-of-2', 'l0-baseline')
      .add('night.shard-2-of-2', 'l1-baseline', { host });
    expect(shards.merge().warnings).toEqual([
      expect.stringMatching(/different hosts \(AMD EPYC 7B13, 2 CPUs; Xeon, 4 CPUs\)/),
    ]);
  });
});

test('a shard that was killed leaves a partial line, without damage to others', () => {
  const shards = both();
  const first = path.join(shards.results, 'night.shard-1-of-2/journal.ndjson');
  writeFileSync(first, `${readFileSync(first, 'utf8')}{"type":"samp`);
  const { records, damaged } = readJournal(shards.merge().directory);
  expect(damaged).toHaveLength(1);
  expect(records.filter(({ type }) => type === 'sample')).toHaveLength(12);
});

test('samples in both shards count once', () => {
  const shards = both();
  const [first, second] = [1, 2].map((index) => path.join(shards.results, `night.shard-${index}-of-2`));
  appendFileSync(`${first}/journal.ndjson`, readFileSync(`${second}/journal.ndjson`));
  const { records, damaged } = readJournal(shards.merge().directory);
  expect(records.filter(({ type }) => type === 'sample')).toHaveLength(12);
  expect(damaged).not.toEqual([]);
});

test('a missing shard causes a warning', () => {
  const { warnings, whole } = new Shards().add('night.shard-3-of-4', 'l0-baseline').merge();
  expect(whole).toBe(false);
  expect(warnings).toEqual([expect.stringContaining('Of 4 shards 1, 2, 4 left no results')]);
});

/** Why it is rejected. */
function refusal(shards: Shards): string {
  try {
    shards.merge();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

describe('is rejected, with the reason', () => {
  test('without any shard', () => {
    const shards = new Shards().add('other.shard-1-of-1', 'l0-baseline');
    expect(refusal(shards)).toMatch(/no shards.*EXPERIMENT=nightly/);
  });

  test('shards of two different counts', () => {
    const shards = new Shards()
      .add('night.shard-1-of-2', 'l0-baseline')
      .add('night.shard-1-of-3', 'l0-baseline');
    expect(refusal(shards)).toContain('with different shard counts: night.shard-1-of-2, night.shard-1-of-3');
  });

  test.each([
    ['profile', { profile: 'paper' }],
    ['variant', { variant: { name: 'mine' } }],
    ['testbed', { testbed: { kind: 'physical', accelerator: 'none', settings: {} } }],
  ] as const)('another %s', (what, start) => {
    const shards = new Shards()
      .add('night.shard-1-of-2', 'l0-baseline')
      .add('night.shard-2-of-2', 'l1-baseline', start);
    expect(refusal(shards)).toContain(`the ${what} of night.shard-1-of-2 is`);
    expect(existsSync(path.join(shards.results, 'night'))).toBe(false);
  });

  test('with the name of another experiment', () => {
    expect(refusal(both().add('night', 'l0-baseline'))).toContain('is an experiment of its own');
  });
});
