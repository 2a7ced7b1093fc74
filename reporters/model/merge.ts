/**
 * Joins the shards of an experiment, which were measured separately: concatenates their journals, oldest first, and
 * copies the raw outputs. It only reads and copies, so the same shards give the same experiment again.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { pointLatestTo } from '../../setup/journal/latest.ts';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';
import { readJournal } from '../../setup/journal/journal-reader.ts';
import { writeWhole } from '../../setup/lib/write-whole.ts';

/** In a merged experiment, the folders that it was made from, one per line. */
const MADE_OF = 'shards.txt';

export interface Merged {
  readonly directory: string;
  /** What a reader of its numbers has to know: missing shards, different machines. Sentences. */
  readonly warnings: readonly string[];
  /** Whether all shards were there. */
  readonly whole: boolean;
}

interface Shard {
  readonly folder: string;
  readonly index: number;
  readonly count: number;
  readonly directory: string;
  readonly starts: readonly ExperimentRecord[];
}

/**
 * Merges all of `results/EXPERIMENT.shard-I-of-N/` into `results/EXPERIMENT/`.
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if there are none, or if they have different shard counts;
 * NESTBENCH_EXPERIMENT_DIFFERS if the shards' numbers do not belong together, or if the name is another experiment's.
 */
export function mergeShards(experiment: string, resultsDirectory: string): Merged {
  const directory = path.join(resultsDirectory, experiment);
  const shards = findShards(experiment, resultsDirectory);
  assertTogether(experiment, shards);
  if (existsSync(path.join(directory, JOURNAL_FILE)) && !existsSync(path.join(directory, MADE_OF))) {
    throw new InputError(
      'NESTBENCH_EXPERIMENT_DIFFERS',
      `${directory} is an experiment of its own, and merging would overwrite it. Move it or its shards away.`,
    );
  }
  rmSync(directory, { recursive: true, force: true });
  writeWhole(path.join(directory, MADE_OF), shards.map(({ folder }) => `${folder}\n`).join(''));
  for (const shard of shards) copyOutputs(shard.directory, directory);
  const journals = shards.map((shard) => wholeLines(path.join(shard.directory, JOURNAL_FILE)));
  writeWhole(path.join(directory, JOURNAL_FILE), journals.join(''));
  pointLatestTo(experiment, resultsDirectory);
  const absent = missing(shards);
  return { directory, warnings: [...absent, ...hosts(shards)], whole: absent.length === 0 };
}

function findShards(experiment: string, resultsDirectory: string): Shard[] {
  const folders = existsSync(resultsDirectory) ? readdirSync(resultsDirectory) : [];
  const shards = folders
    .flatMap((folder): Shard | [] => {
      const [, name, index, count] = /^(.+)\.shard-(\d+)-of-(\d+)$/.exec(folder) ?? [];
      const directory = path.join(resultsDirectory, folder);
      if (name !== experiment || !existsSync(path.join(directory, JOURNAL_FILE))) return [];
      const starts = readJournal(directory).records.filter((record) => record.type === 'experiment');
      return { folder, index: Number(index), count: Number(count), directory, starts };
    })
    .toSorted((one, other) => startOf(one).localeCompare(startOf(other)) || one.index - other.index);
  const counts = new Set(shards.map(({ count }) => count));
  if (counts.size === 1) return shards;
  throw new InputError(
    'NESTBENCH_UNKNOWN_EXPERIMENT',
    counts.size === 0
      ? `There are no shards of an experiment "${experiment}" to merge: no ${resultsDirectory}/${experiment}.shard-1-of-... with a journal. Name it as its shards were: EXPERIMENT=nightly npx vitest --merge-reports.`
      : `${resultsDirectory} has shards of "${experiment}" with different shard counts: ${shards.map(({ folder }) => folder).join(', ')}. Move those that do not belong together away.`,
  );
}

function startOf({ starts }: Shard): string {
  return starts[0]?.at ?? '';
}

/** Rejects what a single experiment would reject too: another profile, testbed or variant. */
function assertTogether(experiment: string, shards: readonly Shard[]): void {
  const [first, ...others] = shards.flatMap(({ folder, starts }) =>
    starts.map((start) => ({ folder, start })),
  );
  if (first === undefined) return;
  for (const { folder, start } of others) {
    for (const key of ['profile', 'testbed', 'variant'] as const) {
      if (isDeepStrictEqual(start[key], first.start[key])) continue;
      throw new InputError(
        'NESTBENCH_EXPERIMENT_DIFFERS',
        `The shards of "${experiment}" can't be merged: the ${key} of ${first.folder} is ${JSON.stringify(first.start[key])}, and of ${folder} ${JSON.stringify(start[key])}.`,
      );
    }
  }
}

/** Every folder in a shard is a cell's, and no cell is in two shards. */
function copyOutputs(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory())
      cpSync(path.join(from, entry.name), path.join(to, entry.name), { recursive: true });
  }
}

/** A partial last line would corrupt the first line of the next journal. */
function wholeLines(file: string): string {
  const text = readFileSync(file, 'utf8');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function missing(shards: readonly Shard[]): string[] {
  const count = shards[0]?.count ?? 0;
  const there = new Set(shards.map(({ index }) => index));
  const absent = Array.from({ length: count }, (_, at) => at + 1).filter((index) => !there.has(index));
  return absent.length === 0
    ? []
    : [`Of ${count} shards ${absent.join(', ')} left no results: their measurements are missing.`];
}

function hosts(shards: readonly Shard[]): string[] {
  const models = new Set(
    shards.flatMap(({ starts }) => starts.map(({ host: { cpuModel, cpus } }) => `${cpuModel}, ${cpus} CPUs`)),
  );
  return models.size < 2
    ? []
    : [
        `The shards ran on different hosts (${[...models].join('; ')}), which may cause differences between cells of different shards.`,
      ];
}
