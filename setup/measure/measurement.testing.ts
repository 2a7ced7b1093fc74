/** A series on this host, with its own journal. */
import path from 'node:path';
import { afterEach } from 'vitest';
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import { type Profile, PROFILES } from '../../fixtures/profiles.ts';
import type { JournalRecord } from '../../fixtures/records.ts';
import type { NestbenchError } from '../lib/errors.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { Journal } from '../journal/journal.ts';
import { readJournal } from '../journal/journal-reader.ts';
import { endSleeps } from '../lib/processes.testing.ts';
import { type RunWork, wholeRun } from '../run/work-left.ts';
import type { TargetMachines } from './target-machines.ts';
import { measureSeries } from './series.ts';
import { machines, counting, target } from './toys.testing.ts';

afterEach(endSleeps);

export interface Measurement {
  readonly directory: string;
  /** Where a script keeps its files. */
  readonly scratch: (name: string) => string;
  readonly progress: { text: string; fraction: number; secondsLeft: number }[];
  /** Those that the series reported. */
  readonly failures: NestbenchError[];
  readonly measure: (
    benchmark: Benchmark,
    options?: {
      profile?: Profile;
      firstRun?: number;
      work?: readonly RunWork[];
      boot?: string;
      signal?: AbortSignal;
      until?: AbortSignal;
    } & Pick<TargetMachines, 'counters' | 'mechanisms' | 'incidents'>,
  ) => Promise<void>;
  readonly records: () => readonly JournalRecord[];
  /** A short description of each record. */
  readonly summary: () => string[];
}

export function measurement(): Measurement {
  const directory = temporaryDirectory();
  const journal = new Journal(path.join(directory, 'results'));
  const progress: Measurement['progress'] = [];
  const failures: NestbenchError[] = [];
  const records = (): readonly JournalRecord[] => readJournal(journal.directory).records;
  return {
    directory: journal.directory,
    scratch: (name) => path.join(directory, name),
    progress,
    failures,
    records,
    measure: (
      benchmark,
      {
        profile = PROFILES.quick,
        firstRun = 1,
        work = Array.from({ length: profile.runs }, (_, index) => wholeRun(firstRun + index)),
        signal = new AbortController().signal,
        counters,
        mechanisms,
        incidents,
        ...rest
      } = {},
    ) =>
      measureSeries({
        cell: 'l1-baseline',
        benchmark,
        profile,
        work,
        journal,
        ...rest,
        machines: {
          ...machines,
          underTest: target,
          signal,
          ...(counters && { counters }),
          ...(mechanisms && { mechanisms }),
          ...(incidents && { incidents }),
        },
        onIteration: (its) => progress.push(its),
        onFailure: (error) => failures.push(error),
      }),
    summary: () => records().map(describeRecord),
  };
}

export function noSuchField(): never {
  throw new TypeError('no such field');
}

export function describeRecord(record: JournalRecord): string {
  if (record.type === 'series') return `series ${record.run}`;
  if (record.type === 'sample') return `sample ${record.run}.${record.iteration} = ${record.value}`;
  if (record.type === 'stop') return `stop ${record.run}: ${record.reason} with ${record.samples}`;
  if (record.type !== 'failure') return record.type;
  return `failure ${record.run}.${record.iteration ?? '-'} ${record.code.replace('NESTBENCH_', '')}`;
}

/** Prints its own count, 1 the first time, and fails if a shell condition on `$n` holds. */
export function counter(file: string, failing = 'false'): string {
  return `${counting(file)}; if ${failing}; then echo broken >&2; exit 7; fi; echo $n`;
}
