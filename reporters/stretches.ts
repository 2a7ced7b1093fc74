/**
 * A journal in memory: its records, but the samples of a run that stand one after another are one stretch of columns.
 * A million samples are then some ten megabytes of numbers; as records they would be gigabytes.
 */
import type { JournalRecord, SampleRecord } from '../fixtures/records.ts';
import { SampleShape } from './sample-shape.ts';

/** What is kept of every sample. NaN where the record does not tell. */
export const COLUMNS = [
  'iteration',
  'value',
  /** In milliseconds since 1970. */
  'startedAt',
  'seconds',
  'gapSeconds',
  /** How long L0's window around the sample was, and the CPU time that the harness had on L0 in it. */
  'windowSeconds',
  'harnessSeconds',
  /** CPU time of the host that others had, and the share of its CPUs that this is; the host's hypervisor is among them. */
  'othersSeconds',
  'othersShare',
  /** Of the time that the QEMUs' threads could have run: how much they waited for a CPU. */
  'waitShare',
] as const;
type ColumnName = (typeof COLUMNS)[number];

/** What is added up over the samples of a stretch. */
export const SUMS = [
  'seconds',
  /** The benchmark's own commands before and after. */
  'aroundSeconds',
  'gapSeconds',
  /** CPU time on L0 in the windows: of the kernel's threads, and of QEMU and vhost. NaN where a sample does not tell. */
  'kernelSeconds',
  'benchmarkSeconds',
] as const;
type SumName = (typeof SUMS)[number];

/** How much work, by the tools' own account; mixed where it was counted in more than one unit, or not always. */
export type Work = { readonly unit: string; readonly amount: number } | 'mixed' | null;

export interface CountedExits {
  /** How many samples have counts. */
  readonly samples: number;
  /** Of L0's windows around those. */
  readonly seconds: number;
  readonly work: Work;
  /** Sums by KVM's own names, and of how many samples: another kernel may count other things. */
  readonly counters: ReadonlyMap<string, { readonly count: number; readonly samples: number }>;
}

export interface SampleStretch {
  readonly type: 'samples';
  readonly cell: string;
  readonly benchmark: string;
  readonly run: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** When its last record was written. */
  readonly at: string;
  readonly columns: Readonly<Record<ColumnName, Float64Array<ArrayBuffer>>>;
  readonly sums: Readonly<Record<SumName, number>>;
  /** Null where no guest ran, or nobody looked. */
  readonly exits: CountedExits | null;
}

/** A record that is no sample, or a stretch of samples. */
export type JournalItem = Exclude<JournalRecord, SampleRecord> | SampleStretch;

/** Collects records, in the journal's order. */
export class Stretches {
  readonly #items: (Exclude<JournalRecord, SampleRecord> | OpenStretch)[] = [];

  add(record: JournalRecord): void {
    if (record.type !== 'sample') {
      this.#items.push(record);
      return;
    }
    const last = this.#items.at(-1);
    if (last instanceof OpenStretch && last.takes(record)) last.add(new SampleShape(record));
    else this.#items.push(new OpenStretch(new SampleShape(record)));
  }

  /**
   * Adds the line at `start` where it is a sample of the same shape as the last.
   * @returns where its newline is; -1 where it is another.
   */
  addAlike(bytes: Buffer<ArrayBuffer>, start: number): number {
    const last = this.#items.at(-1);
    return last instanceof OpenStretch ? last.addAlike(bytes, start) : -1;
  }

  /** What was collected so far. */
  get items(): JournalItem[] {
    return this.#items.map((item) => (item instanceof OpenStretch ? item.close() : item));
  }
}

/** As {@link JournalItem}s, in the same order. */
export function inStretches(records: Iterable<JournalRecord>): JournalItem[] {
  const stretches = new Stretches();
  for (const record of records) stretches.add(record);
  return stretches.items;
}

class OpenStretch {
  readonly #first: SampleRecord;
  #shape: SampleShape;
  readonly #columns: Record<ColumnName, GrowingColumn> = {
    iteration: new GrowingColumn(),
    value: new GrowingColumn(),
    startedAt: new GrowingColumn(),
    seconds: new GrowingColumn(),
    gapSeconds: new GrowingColumn(),
    windowSeconds: new GrowingColumn(),
    harnessSeconds: new GrowingColumn(),
    othersSeconds: new GrowingColumn(),
    othersShare: new GrowingColumn(),
    waitShare: new GrowingColumn(),
  };
  readonly #sums: Record<SumName, number> = {
    seconds: 0,
    aroundSeconds: 0,
    gapSeconds: 0,
    kernelSeconds: 0,
    benchmarkSeconds: 0,
  };
  readonly #exits = new ExitSums();

  constructor(first: SampleShape) {
    this.#first = first.learnedFrom;
    this.#shape = first;
    this.add(first);
  }

  takes({ cell, benchmark, run, unit, better }: SampleRecord): boolean {
    const first = this.#first;
    return (
      run === first.run &&
      benchmark === first.benchmark &&
      cell === first.cell &&
      unit === first.unit &&
      better === first.better
    );
  }

  /** Adds the line at `start` where it has the shape of the last sample. @returns where its newline is, or -1. */
  addAlike(bytes: Buffer<ArrayBuffer>, start: number): number {
    const end = this.#shape.read(bytes, start);
    if (end !== -1) this.add(this.#shape);
    return end;
  }

  /** Adds the sample that `shape` has read last. */
  add(shape: SampleShape): void {
    this.#shape = shape;
    const gapSeconds = shape.number('gapSeconds');
    const columns = this.#columns;
    columns.iteration.push(shape.number('iteration'));
    columns.value.push(shape.number('value'));
    columns.startedAt.push(shape.number('started'));
    columns.seconds.push(shape.number('seconds'));
    columns.gapSeconds.push(gapSeconds);
    columns.windowSeconds.push(shape.number('windowSeconds'));
    columns.harnessSeconds.push(shape.number('harnessSeconds'));
    const others = shape.number('othersSeconds') + shape.number('stealSeconds');
    columns.othersSeconds.push(others);
    columns.othersShare.push(others / (shape.number('hostSeconds') * shape.number('hostCpus')));
    const wait = shape.number('qemuWaitSeconds');
    // Of threads that neither ran nor waited it says nothing.
    columns.waitShare.push(wait / (shape.number('qemuSeconds') + wait));
    const sums = this.#sums;
    sums.seconds += shape.number('seconds');
    sums.aroundSeconds += orZero(shape.number('beforeSeconds')) + orZero(shape.number('afterSeconds'));
    sums.gapSeconds += orZero(gapSeconds);
    sums.kernelSeconds += shape.number('kernelSeconds');
    sums.benchmarkSeconds += shape.number('benchmarkSeconds');
    this.#exits.add(shape);
  }

  close(): SampleStretch {
    const { cell, benchmark, run, unit, better } = this.#first;
    const { iteration, value, startedAt, seconds, gapSeconds, windowSeconds, harnessSeconds, ...host } =
      this.#columns;
    return {
      type: 'samples',
      cell,
      benchmark,
      run,
      unit,
      better,
      at: new Date(this.#shape.number('at')).toISOString(),
      columns: {
        iteration: iteration.close(),
        value: value.close(),
        startedAt: startedAt.close(),
        seconds: seconds.close(),
        gapSeconds: gapSeconds.close(),
        windowSeconds: windowSeconds.close(),
        harnessSeconds: harnessSeconds.close(),
        othersSeconds: host.othersSeconds.close(),
        othersShare: host.othersShare.close(),
        waitShare: host.waitShare.close(),
      },
      sums: { ...this.#sums },
      exits: this.#exits.close(),
    };
  }
}

/** Numbers that become one array; as a plain list they would take twice the memory while they come. */
class GrowingColumn {
  #numbers = new Float64Array(4);
  #length = 0;

  push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const longer = new Float64Array(2 * this.#length);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#length++] = number;
  }

  /** A view, as a copy would take the memory once more; what comes later is written behind its end. */
  close(): Float64Array<ArrayBuffer> {
    return this.#numbers.subarray(0, this.#length);
  }
}

function orZero(number: number): number {
  return Number.isNaN(number) ? 0 : number;
}

/** Adds up what KVM counted. */
class ExitSums {
  #samples = 0;
  #seconds = 0;
  #work: Work = null;
  /** Of the shape that was added last: one of each of its names. */
  #counts = new Float64Array(0);
  #samplesOfShape = 0;
  #shape: SampleShape | undefined;
  /** Of the shapes before, by name, in the order of their first appearance. */
  readonly #counters = new Map<string, { readonly count: number; readonly samples: number }>();

  add(shape: SampleShape): void {
    const { l0, work, unit } = shape.learnedFrom;
    if (l0?.exits === undefined) return;
    this.#samples += 1;
    this.#seconds += shape.number('windowSeconds');
    // Where the value is the time that the whole of it took, an operation is one run.
    const other = unit === 's' ? ONE_RUN : 'mixed';
    this.#work = addWork(
      this.#work,
      work === undefined ? other : { unit: work.unit, amount: shape.number('workAmount') },
    );
    if (shape !== this.#shape) {
      this.#keepCounts();
      this.#shape = shape;
      this.#counts = new Float64Array(shape.exitNames.length);
    }
    shape.addExits(this.#counts);
    this.#samplesOfShape += 1;
  }

  close(): CountedExits | null {
    if (this.#samples === 0) return null;
    this.#keepCounts();
    return {
      samples: this.#samples,
      seconds: this.#seconds,
      work: this.#work,
      counters: new Map(this.#counters),
    };
  }

  #keepCounts(): void {
    for (const [index, name] of (this.#shape?.exitNames ?? []).entries()) {
      const { count, samples } = this.#counters.get(name) ?? { count: 0, samples: 0 };
      this.#counters.set(name, {
        count: count + (this.#counts[index] ?? Number.NaN),
        samples: samples + this.#samplesOfShape,
      });
    }
    this.#counts.fill(0);
    this.#samplesOfShape = 0;
  }
}

const ONE_RUN = { unit: 'run', amount: 1 };

/** Both together; what is null adds nothing. */
export function addWork(one: Work, other: Work): Work {
  if (one === null || other === null) return one ?? other;
  if (one === 'mixed' || other === 'mixed' || one.unit !== other.unit) return 'mixed';
  return { unit: one.unit, amount: one.amount + other.amount };
}
