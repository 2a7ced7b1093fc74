/** How long samples, services and boots took in earlier experiments on this host. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Sizes } from '../../fixtures/benchmarks/benchmark.ts';
import type { ExperimentRecord, JournalRecord } from '../../fixtures/records.ts';
import { JOURNAL_FILE } from '../journal/journal.ts';
import { readJournalIfAny } from '../journal/journal-reader.ts';

/** Who measured. */
export interface Measuring {
  readonly kind: string;
  /** The host; undefined where only the testbed's machines count. */
  readonly host?: Pick<ExperimentRecord['host'], 'cpuModel' | 'cpus'> | undefined;
}

/** The longest of each. */
export class SeenTimes {
  readonly #samples = new Map<string, number>();
  readonly #services = new Map<string, number>();
  readonly #boots = new Map<string, number>();

  /** The seconds of one sample, with the benchmark's own commands around it and the pause before it. */
  sample(cell: string, benchmark: string, sizes: Sizes): number | undefined {
    return this.#samples.get(keyOf(cell, benchmark, sizes));
  }

  /** The seconds of starting and stopping the service of a run. */
  service(cell: string, benchmark: string): number | undefined {
    return this.#services.get(keyOf(cell, benchmark));
  }

  boot(cell: string): number | undefined {
    return this.#boots.get(cell);
  }

  /** Adds what a journal has of the same kind of testbed and host. */
  add(records: Iterable<JournalRecord>, by: Measuring): void {
    const sizes = new Map<string, Record<string, number>>();
    const boots = new Map<string, number>();
    let counts = false;
    for (const record of records) {
      if (record.type === 'experiment') counts = isSame(record, by);
      if (!counts) continue;
      if (record.type === 'series') sizes.set(keyOf(record.cell, record.benchmark), record.sizes);
      if (record.type === 'boot') {
        boots.set(record.cell, record.seconds);
        raise(this.#boots, record.cell, record.seconds);
      }
      if (record.type === 'end' && record.phases !== undefined) {
        // The stack was saved in the end.
        const saved = record.phases.reduce((sum, { seconds: its }) => sum + its, 0);
        raise(this.#boots, record.cell, (boots.get(record.cell) ?? 0) + saved);
      }
      if (record.type === 'service')
        raise(this.#services, keyOf(record.cell, record.benchmark), record.seconds);
      if (record.type !== 'sample') continue;
      const { cell, benchmark, seconds, beforeSeconds = 0, afterSeconds = 0, gapSeconds = 0 } = record;
      const its = sizes.get(keyOf(cell, benchmark));
      if (its === undefined) continue;
      raise(this.#samples, keyOf(cell, benchmark, its), seconds + beforeSeconds + afterSeconds + gapSeconds);
    }
  }
}

/** Reading more would delay the start of a run that restores its stack within seconds. */
const MAX_BYTES = 2_000_000;

/**
 * From the experiment itself, and the newest others under `results`.
 * @param records the experiment's own, in `folder`.
 */
export function seenTimes(
  results: string,
  folder: string,
  records: Iterable<JournalRecord>,
  by: Measuring,
): SeenTimes {
  const times = new SeenTimes();
  let bytes = 0;
  for (const { name, size } of newest(results, folder)) {
    bytes += size;
    if (name === folder) times.add(records, by);
    else if (bytes <= MAX_BYTES) times.add(readJournalIfAny(path.join(results, name)).records, by);
  }
  return times;
}

function newest(results: string, first: string): { name: string; size: number }[] {
  const journals = entriesOf(results).flatMap((name) => {
    const journal = statSync(path.join(results, name, JOURNAL_FILE), { throwIfNoEntry: false });
    return journal?.isFile() === true && name !== 'latest'
      ? [{ name, size: journal.size, at: journal.mtimeMs }]
      : [];
  });
  return journals.toSorted(
    (one, other) => Number(other.name === first) - Number(one.name === first) || other.at - one.at,
  );
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? entry.name : [],
    );
  } catch {
    // It is made later.
    return [];
  }
}

function isSame({ testbed, host }: ExperimentRecord, by: Measuring): boolean {
  const isHost = by.host === undefined || (by.host.cpuModel === host.cpuModel && by.host.cpus === host.cpus);
  return testbed.kind === by.kind && isHost;
}

/** Samples of one size take equally long, however many there are. */
function keyOf(cell: string, benchmark: string, sizes: Readonly<Record<string, number>> = {}): string {
  const { iterations: _, ...size } = sizes;
  return `${cell}\n${benchmark}\n${JSON.stringify(size)}`;
}

function raise(longest: Map<string, number>, key: string, seconds: number): void {
  longest.set(key, Math.max(seconds, longest.get(key) ?? 0));
}
