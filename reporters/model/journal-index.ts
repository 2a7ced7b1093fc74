/** An index of a journal by cell and benchmark. */
import type { FailureRecord, StartRecord } from '../../fixtures/records.ts';
import { requestsOf } from '../../setup/journal/requests.ts';
import type { JournalItem, MeasuredSeries } from './measured-series.ts';

/** The boot that samples were measured on. */
export interface BootOfSamples {
  /** Counted from 1; null if unknown. */
  readonly boot: number | null;
  /** The snapshot that it was restored from; null if it was booted. */
  readonly snapshot: string | null;
}

export interface JournalIndex {
  readonly samples: ReadonlyMap<string, MeasuredSeries[]>;
  readonly failures: ReadonlyMap<string, FailureRecord[]>;
  readonly skips: ReadonlyMap<string, string>;
  /** How many runs of a benchmark in a cell were requested; empty if the journal does not say it of all. */
  readonly requested: ReadonlyMap<string, number>;
  /** How many samples each run of a benchmark in a cell was to take. */
  readonly planned: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** The boot that each series of samples was measured on. Missing if the journal does not say. */
  readonly boots: ReadonlyMap<MeasuredSeries, BootOfSamples>;
  /** The nominal confidence of the rule that ended its runs. */
  readonly confidences: ReadonlyMap<string, number>;
  /** Which start of the experiment a failure belongs to, counted from 0. */
  readonly startOf: ReadonlyMap<FailureRecord, number>;
}

/** A key for a benchmark in a cell; a null benchmark means the cell itself. No name contains a newline. */
export function key(cell: string, benchmark: string | null): string {
  return `${cell}\n${benchmark ?? ''}`;
}

/** A key for a run of a benchmark in a cell. */
export function runKey({ cell, benchmark, run }: { cell: string; benchmark: string; run: number }): string {
  return `${key(cell, benchmark)}\n${run}`;
}

export function indexOf(records: readonly JournalItem[]): JournalIndex {
  const startOf = new Map<FailureRecord, number>();
  let start = 0;
  for (const record of records) {
    if (record.type === 'experiment') start += 1;
    if (record.type === 'failure') startOf.set(record, start);
  }
  return {
    samples: Map.groupBy(
      records.filter((record) => record.type === 'samples'),
      ({ cell, benchmark }) => key(cell, benchmark),
    ),
    failures: Map.groupBy(startOf.keys(), ({ cell, benchmark }) => key(cell, benchmark)),
    skips: new Map(
      records
        .filter((record) => record.type === 'skip')
        .map(({ cell, benchmark, reason }) => [key(cell, benchmark), reason]),
    ),
    requested: requestedOf(records),
    planned: plannedOf(records),
    boots: bootsOf(records),
    confidences: new Map(
      records.flatMap((record) =>
        record.type === 'series' && record.rule !== undefined
          ? [[key(record.cell, record.benchmark), record.rule.confidence] as const]
          : [],
      ),
    ),
    startOf,
  };
}

function bootsOf(records: readonly JournalItem[]): JournalIndex['boots'] {
  const byId = new Map<string, BootOfSamples>();
  /** For journals without ids: the boot before the record of the series. */
  const newest = new Map<string, BootOfSamples>();
  const current = new Map<string, BootOfSamples>();
  const boots = new Map<MeasuredSeries, BootOfSamples>();
  for (const record of records) {
    if (record.type === 'boot') {
      const boot = (newest.get(record.cell)?.boot ?? 0) + 1;
      const its = { boot, snapshot: snapshotOf(record.start) };
      newest.set(record.cell, its);
      if (record.id !== undefined) byId.set(record.id, its);
    }
    const before = record.type === 'series' ? newest.get(record.cell) : undefined;
    if (record.type === 'series' && before !== undefined) current.set(runKey(record), before);
    if (record.type !== 'samples') continue;
    const its = record.boot === undefined ? current.get(runKey(record)) : byId.get(record.boot);
    if (its !== undefined) boots.set(record, its);
  }
  return boots;
}

/** A snapshot of the same name that was saved again is a different one. */
function snapshotOf(start: StartRecord | undefined): string | null {
  return start === undefined || start.kind === 'cold' ? null : `${start.snapshot} ${start.madeAt}`;
}

function requestedOf(records: readonly JournalItem[]): JournalIndex['requested'] {
  const { runs, areAll } = requestsOf(records);
  if (!areAll) return new Map();
  return new Map(
    [...runs].flatMap(([cell, its]) =>
      [...its].map(([benchmark, many]) => [key(cell, benchmark), many] as const),
    ),
  );
}

function plannedOf(records: readonly JournalItem[]): JournalIndex['planned'] {
  const series = Map.groupBy(
    records.filter((record) => record.type === 'series'),
    ({ cell, benchmark }) => key(cell, benchmark),
  );
  const runs = [...series].map(
    ([at, its]) => [at, new Map(its.map(({ run, sizes }) => [run, sizes['iterations'] ?? 0]))] as const,
  );
  const planned = new Map(runs);
  // With a stopping rule, the sizes have the maximum. If the target was reached, the samples taken were all that were
  // needed.
  for (const record of records) {
    if (record.type !== 'stop' || record.reason !== 'target reached') continue;
    planned.get(key(record.cell, record.benchmark))?.set(record.run, record.samples);
  }
  return planned;
}

/** The first failure of the newest start that had any; the other failures of that start usually follow from it. */
export function causeOf(
  failures: readonly FailureRecord[],
  { startOf }: JournalIndex,
): FailureRecord | undefined {
  const newest = failures.at(-1);
  return newest && failures.find((failure) => startOf.get(failure) === startOf.get(newest));
}
