/**
 * A journal in memory: its records, except that consecutive samples of a run become one series of columns. As records,
 * 100,000 samples would take hundreds of megabytes; as columns they take eight.
 */
import type { JournalRecord, SampleRecord } from '../../fixtures/records.ts';

/** What is kept of every sample. NaN if the record lacks it. */
export const COLUMNS = [
  'iteration',
  'value',
  /** In milliseconds since 1970. */
  'startedAt',
  'seconds',
  'gapSeconds',
  /** The length of L0's window around the sample, and the harness's CPU time on L0 in it. */
  'windowSeconds',
  'harnessSeconds',
  /** CPU time that others used on the host, and its share of the host's CPUs. Includes the host's own hypervisor. */
  'othersSeconds',
  'othersShare',
  /** The share of their runnable time that the QEMUs' threads waited for a CPU. */
  'waitShare',
] as const;
type ColumnName = (typeof COLUMNS)[number];

/** What is summed over the samples of a series. */
export const SUMS = [
  'seconds',
  /** The benchmark's own commands before and after. */
  'aroundSeconds',
  'gapSeconds',
  /** CPU time on L0 in the windows: of the kernel's threads, and of QEMU and vhost. NaN if a sample lacks it. */
  'kernelSeconds',
  'benchmarkSeconds',
] as const;
type SumName = (typeof SUMS)[number];

/** The amount of work, as the tools report it; mixed if it had more than one unit, or was not always reported. */
export type Work = { readonly unit: string; readonly amount: number } | 'mixed' | null;

export interface CountedExits {
  /** The number of samples that have counts. */
  readonly samples: number;
  /** Total length of L0's windows around those. */
  readonly seconds: number;
  readonly work: Work;
  /** Sums under KVM's own names, and their numbers of samples: another kernel may count other things. */
  readonly counters: ReadonlyMap<string, { readonly count: number; readonly samples: number }>;
}

export interface MeasuredSeries {
  readonly type: 'samples';
  readonly cell: string;
  readonly benchmark: string;
  readonly run: number;
  /** The `id` of the boot that it was measured on; undefined in older journals. */
  readonly boot: string | undefined;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** When its last record was written. */
  readonly at: string;
  readonly columns: Readonly<Record<ColumnName, readonly number[]>>;
  readonly sums: Readonly<Record<SumName, number>>;
  /** null if no guest ran, or if exits were not counted. */
  readonly exits: CountedExits | null;
}

/** A record that is not a sample, or a series of samples. */
export type JournalItem = Exclude<JournalRecord, SampleRecord> | MeasuredSeries;

/** The records in order, with consecutive samples of each run as one series. */
export function groupSamples(records: Iterable<JournalRecord>): JournalItem[] {
  const items: (Exclude<JournalRecord, SampleRecord> | OpenSeries)[] = [];
  for (const record of records) {
    const last = items.at(-1);
    if (record.type !== 'sample') items.push(record);
    else if (last instanceof OpenSeries && last.takes(record)) last.add(record);
    else items.push(new OpenSeries(record));
  }
  return items.map((item) => (item instanceof OpenSeries ? item.close() : item));
}

class OpenSeries {
  #last: SampleRecord;
  readonly #columns: Record<ColumnName, number[]> = {
    iteration: [],
    value: [],
    startedAt: [],
    seconds: [],
    gapSeconds: [],
    windowSeconds: [],
    harnessSeconds: [],
    othersSeconds: [],
    othersShare: [],
    waitShare: [],
  };
  readonly #sums: Record<SumName, number> = {
    seconds: 0,
    aroundSeconds: 0,
    gapSeconds: 0,
    kernelSeconds: 0,
    benchmarkSeconds: 0,
  };
  readonly #exits = new ExitSums();

  constructor(first: SampleRecord) {
    this.#last = first;
    this.add(first);
  }

  takes({ cell, benchmark, run, boot, unit, better }: SampleRecord): boolean {
    const last = this.#last;
    return (
      run === last.run &&
      boot === last.boot &&
      benchmark === last.benchmark &&
      cell === last.cell &&
      unit === last.unit &&
      better === last.better
    );
  }

  add(sample: SampleRecord): void {
    this.#last = sample;
    const { l0, host } = sample;
    const columns = this.#columns;
    columns.iteration.push(sample.iteration);
    columns.value.push(sample.value);
    columns.startedAt.push(Date.parse(sample.started));
    columns.seconds.push(sample.seconds);
    columns.gapSeconds.push(sample.gapSeconds ?? Number.NaN);
    columns.windowSeconds.push(l0?.seconds ?? Number.NaN);
    columns.harnessSeconds.push(l0?.cpuSeconds.harness ?? Number.NaN);
    const others = host === undefined ? Number.NaN : host.othersSeconds + host.stealSeconds;
    columns.othersSeconds.push(others);
    columns.othersShare.push(host === undefined ? Number.NaN : others / (host.seconds * host.cpus));
    const wait = host?.qemuWaitSeconds ?? Number.NaN;
    // Also NaN if the threads neither ran nor waited.
    columns.waitShare.push(wait / ((host?.qemuSeconds ?? Number.NaN) + wait));
    const sums = this.#sums;
    sums.seconds += sample.seconds;
    sums.aroundSeconds += (sample.beforeSeconds ?? 0) + (sample.afterSeconds ?? 0);
    sums.gapSeconds += sample.gapSeconds ?? 0;
    sums.kernelSeconds += l0?.cpuSeconds.kernel ?? Number.NaN;
    sums.benchmarkSeconds += l0?.cpuSeconds.benchmark ?? Number.NaN;
    this.#exits.add(sample);
  }

  close(): MeasuredSeries {
    const { cell, benchmark, run, boot, unit, better, at } = this.#last;
    return {
      type: 'samples',
      cell,
      benchmark,
      run,
      boot,
      unit,
      better,
      at: new Date(at).toISOString(),
      columns: this.#columns,
      sums: this.#sums,
      exits: this.#exits.close(),
    };
  }
}

class ExitSums {
  #samples = 0;
  #seconds = 0;
  #work: Work = null;
  /** By name, in the order of their first appearance. */
  readonly #counters = new Map<string, { count: number; samples: number }>();

  add({ l0, work, unit }: SampleRecord): void {
    if (l0?.exits === undefined) return;
    this.#samples += 1;
    this.#seconds += l0.seconds;
    // If the value is the time of the whole sample, an operation is one run.
    this.#work = addWork(this.#work, work ?? (unit === 's' ? ONE_RUN : 'mixed'));
    for (const name of Object.keys(l0.exits)) {
      const count = l0.exits[name] ?? Number.NaN;
      const counter = this.#counters.get(name);
      if (counter === undefined) this.#counters.set(name, { count, samples: 1 });
      else {
        counter.count += count;
        counter.samples += 1;
      }
    }
  }

  close(): CountedExits | null {
    if (this.#samples === 0) return null;
    return { samples: this.#samples, seconds: this.#seconds, work: this.#work, counters: this.#counters };
  }
}

const ONE_RUN = { unit: 'run', amount: 1 };

/** The sum of both; null adds nothing. */
export function addWork(one: Work, other: Work): Work {
  if (one === null || other === null) return one ?? other;
  if (one === 'mixed' || other === 'mixed' || one.unit !== other.unit) return 'mixed';
  return { unit: one.unit, amount: one.amount + other.amount };
}
