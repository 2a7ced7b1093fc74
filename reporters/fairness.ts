/**
 * Whether the harness kept its hands off: how much of a sample's time its processes had a CPU of L0, and how long it
 * took between samples. Neither is a failure; over its limit it is flagged.
 */
import type { IdleRecord, SampleRecord } from '../fixtures/records.ts';
import type { CellResults, Results } from './results.ts';

/** Of a sample's time, on all CPUs of L0 together. */
export const HARNESS_LIMIT = 0.01;
export const GAP_LIMIT_SECONDS = 0.05;

export interface Fairness {
  readonly cell: CellResults;
  readonly benchmark: string;
  readonly sample: SampleRecord;
  /**
   * CPU time of the harness during the sample over its length, without what it takes to start a command and to learn of
   * its end, which is the least that a command that does nothing was seen to cost (its `idle` record). Null where L0 was
   * not looked at.
   */
  readonly harnessShare: number | null;
  /** The same with all of that: starts, ends and both looks at L0. */
  readonly harnessShareInAll: number | null;
  /** Null for the first sample of a run. */
  readonly gapSeconds: number | null;
}

/** Of every sample that has anything of it. */
export function fairnessOf(results: Results): Fairness[] {
  const idles = results.records.filter((record) => record.type === 'idle');
  return results.cells.flatMap((cell) =>
    [...cell.outcomes].flatMap(([benchmark, outcome]) =>
      (outcome.state === 'measured' ? outcome.runs : [])
        .flatMap(({ samples }) => samples)
        .filter(({ l0, gapSeconds }) => l0 !== undefined || gapSeconds !== undefined)
        .map((sample) => {
          const idle = idles.find((one) => belongs(one, sample));
          const { harnessShare, harnessShareInAll } = sharesOf(sample, idle);
          const gapSeconds = sample.gapSeconds ?? null;
          return { cell, benchmark, sample, harnessShare, harnessShareInAll, gapSeconds };
        }),
    ),
  );
}

function belongs(idle: IdleRecord, { cell, benchmark, run }: SampleRecord): boolean {
  return idle.cell === cell && idle.benchmark === benchmark && idle.run === run;
}

function sharesOf(
  { l0 }: SampleRecord,
  idle: IdleRecord | undefined,
): Pick<Fairness, 'harnessShare' | 'harnessShareInAll'> {
  if (l0 === undefined) return { harnessShare: null, harnessShareInAll: null };
  const { harness } = l0.cpuSeconds;
  const besides = Math.max(0, harness - (idle?.l0.cpuSeconds.harness ?? 0));
  return { harnessShare: besides / l0.seconds, harnessShareInAll: harness / l0.seconds };
}

/** What is over a limit. */
export function isOver({ harnessShare, gapSeconds }: Fairness): boolean {
  return (harnessShare ?? 0) >= HARNESS_LIMIT || (gapSeconds ?? 0) >= GAP_LIMIT_SECONDS;
}

export interface FairnessLine {
  readonly text: string;
  readonly over: boolean;
}

/** The largest of each, and where; empty where nothing is known of either. */
export function fairnessLines(results: Results): FairnessLine[] {
  const all = fairnessOf(results);
  return [
    ...worst(all, ({ harnessShare }) => harnessShare, HARNESS_LIMIT, {
      what: "the harness's share of L0 during a sample",
      show: (share) => `${(share * 100).toFixed(2)} %`,
      limit: `${HARNESS_LIMIT * 100} %`,
    }),
    ...worst(all, ({ gapSeconds }) => gapSeconds, GAP_LIMIT_SECONDS, {
      what: 'the gap between two samples',
      show: (seconds) => `${(seconds * 1000).toFixed(0)} ms`,
      limit: `${GAP_LIMIT_SECONDS * 1000} ms`,
    }),
  ];
}

function worst(
  all: readonly Fairness[],
  valueOf: (one: Fairness) => number | null,
  limit: number,
  words: { readonly what: string; readonly show: (value: number) => string; readonly limit: string },
): FairnessLine[] {
  const known = all.flatMap((one) => {
    const value = valueOf(one);
    return value === null ? [] : { one, value };
  });
  const [most] = known.toSorted((one, other) => other.value - one.value);
  if (most === undefined) return [];
  const { cell, benchmark, sample } = most.one;
  const over = known.filter(({ value }) => value >= limit);
  const where = `${cell.name} ${benchmark}, run ${sample.run}, iteration ${sample.iteration}`;
  const verdict =
    over.length === 0
      ? `(limit ${words.limit})`
      : `OVER THE LIMIT of ${words.limit} in ${over.length} of ${known.length} (${placesOf(over.map(({ one }) => one))})`;
  return [
    { text: `${words.what}: at most ${words.show(most.value)} ${verdict}; ${where}`, over: over.length > 0 },
  ];
}

function placesOf(all: readonly Fairness[]): string {
  return [...new Set(all.map(({ cell, benchmark }) => `${cell.name} ${benchmark}`))].join(', ');
}
