/** What is known of a benchmark over all cells: the meaning of its numbers, and how it was run. */
import { BENCHMARKS } from '../../fixtures/benchmarks/index.ts';
import type { SeriesRecord } from '../../fixtures/records.ts';
import type { Storage } from '../../fixtures/storage.ts';
import { InputError } from '../../setup/lib/errors.ts';
import type { JournalItem } from './measured-series.ts';

export type Better = 'higher' | 'lower';

export interface BenchmarkRow {
  readonly name: string;
  /** As measured; otherwise the benchmark's own; null if neither is known. */
  readonly unit: string | null;
  readonly better: Better | null;
  /** Its load generator, if it has several; null otherwise, and if it was not run. */
  readonly loader: string | null;
  /** Where it kept its data, if it stores data and was run; null otherwise. */
  readonly storage: Storage | null;
  /** The sizes of its series, each combination once, in order of appearance. */
  readonly sizes: readonly Readonly<Record<string, number>>[];
}

/**
 * @throws {InputError} NESTBENCH_JOURNAL_DAMAGED if it was recorded with two units, directions, load generators or
 * storages: such samples don't fit one table.
 */
export function benchmarkRow(name: string, records: readonly JournalItem[]): BenchmarkRow {
  const measurements = records
    .filter((record) => record.type === 'samples' || record.type === 'series')
    .filter(({ benchmark }) => benchmark === name);
  const first = measurements[0];
  const other = measurements.find(({ unit, better }) => unit !== first?.unit || better !== first.better);
  if (first && other) {
    throw new InputError(
      'NESTBENCH_JOURNAL_DAMAGED',
      `The journal holds ${name} both in ${first.unit} (${first.better} is better, ${first.at}) and in ${other.unit} ` +
        `(${other.better} is better, ${other.at}): these can't be compared. Split it by its experiment records.`,
    );
  }
  const known = first ?? BENCHMARKS.find((benchmark) => benchmark.name === name);
  const series = measurements.filter((record) => record.type === 'series');
  return {
    name,
    unit: known?.unit ?? null,
    better: known?.better ?? null,
    loader: oneOf(name, 'loaded by', new Set(series.map((each) => each.loader ?? null)), 'no loader named'),
    storage: oneOf(name, 'with data in', new Set(series.map(storageOf)), 'no storage'),
    sizes: distinctSizes(series),
  };
}

/** A journal from before the record had it can only have memory. */
function storageOf({ benchmark, storage }: SeriesRecord): Storage | null {
  const storesData = BENCHMARKS.find(({ name }) => name === benchmark)?.storesData;
  return storage ?? (storesData === true ? 'memory' : null);
}

/** What all series have in common; null for `none`, and if there are none. */
function oneOf<T extends string>(
  name: string,
  what: string,
  found: ReadonlySet<T | null>,
  none: string,
): T | null {
  const [first = null, ...others] = found;
  if (others.length === 0) return first;
  const named = [...found].map((each) => each ?? none).join(' and ');
  throw new InputError(
    'NESTBENCH_JOURNAL_DAMAGED',
    `The journal holds ${name} ${what} ${named}: these can't be compared. Split it by its experiment records.`,
  );
}

function distinctSizes(series: readonly SeriesRecord[]): BenchmarkRow['sizes'] {
  return [...new Map(series.map(({ sizes }) => [JSON.stringify(sizes), sizes])).values()];
}
