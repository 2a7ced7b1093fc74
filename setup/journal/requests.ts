/** What the starts of an experiment were asked to measure, by its journal. */
import type { ExperimentRecord, JournalRecord } from '../../fixtures/records.ts';

export interface Requests {
  /** The benchmarks of each cell, and how many runs of each. Those of several starts add up. */
  readonly runs: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Whether these are all: in older journals a benchmark that was requested and never begun has left no record. */
  readonly areAll: boolean;
}

type Start = Pick<ExperimentRecord, 'type' | 'runs' | 'request'>;

/** Older journals do not say it: their starts requested the benchmarks that they began. */
export function requestsOf(records: Iterable<Start | { readonly type: string }>): Requests {
  const runs = new Map<string, Map<string, number>>();
  let areAll = true;
  let old: Start | undefined;
  /** What the start `old` has begun. */
  let begun = new Set<string>();
  const add = (cell: string, benchmark: string, more: number): void => {
    const its = runs.get(cell) ?? new Map<string, number>();
    its.set(benchmark, (its.get(benchmark) ?? 0) + more);
    runs.set(cell, its);
  };
  for (const record of records) {
    if (isStart(record)) {
      old = record.request === undefined ? record : undefined;
      begun = new Set();
      areAll &&= old === undefined;
      if (record.request?.resumes === true) continue;
      for (const { cell, benchmarks } of record.request?.cells ?? [])
        for (const benchmark of benchmarks) add(cell, benchmark, record.runs);
    }
    if (old === undefined || !isSeries(record)) continue;
    const { cell, benchmark } = record;
    const name = `${cell}\n${benchmark}`;
    if (!begun.has(name)) add(cell, benchmark, old.runs);
    begun.add(name);
  }
  return { runs, areAll };
}

type Series = Extract<JournalRecord, { type: 'series' }>;

function isStart(record: Start | { readonly type: string }): record is Start {
  return record.type === 'experiment';
}

function isSeries(record: { readonly type: string }): record is Series {
  return record.type === 'series';
}
