/**
 * Whether anything but the benchmark took time: how long the harness's processes had a CPU of L0 during a sample, how long
 * it took between samples, and whether the host had CPUs for the QEMUs. A value over its limit is flagged, and is no failure.
 */
import { isMicrobenchmark } from '../../fixtures/benchmarks/index.ts';
import { runKey } from '../model/journal-index.ts';
import type { CellResults, Results, Run } from '../model/experiment-results.ts';
import type { SampleStretch, SUMS } from '../model/measured-series.ts';
import { sum } from '../model/sum.ts';

/** Of a sample's time, on all CPUs of L0 together. */
export const HARNESS_LIMIT = 0.01;
export const GAP_LIMIT_SECONDS = 0.05;
/**
 * Of the host's CPUs, over all of them. A quick matrix on a quiet host of two CPUs had at most 6.1 % in 231 samples, and
 * under 1 % in nine of ten; beside a build others had 40 to 89 %. /proc/stat gives each tick, of 4 ms at 250 Hz, whole to
 * whoever runs when it comes: in a short sample less than 25 of them may be its error.
 */
export const OTHERS_LIMIT = 0.1;
const OTHERS_LEAST_SECONDS = 0.1;
/** One of them over the samples of a run that have it. */
export interface Watched {
  /** How many samples have it. */
  readonly samples: number;
  /** How many of those are over its limit. */
  readonly over: number;
  /** The largest, and the iteration that it was seen in. */
  readonly most: { readonly value: number; readonly iteration: number };
}

export interface Fairness {
  readonly cell: CellResults;
  readonly benchmark: string;
  readonly run: Run;
  /**
   * CPU time of the harness during a sample over its length, without what it takes to start a command and to learn of
   * its end, which is the least that a command that does nothing was seen to cost (its `idle` record). Null where L0 was
   * not looked at.
   */
  readonly harnessShare: Watched | null;
  /** The same with all of that: starts, ends and both looks at L0. */
  readonly harnessShareInAll: Watched | null;
  /** Null where no sample had one before it in its run. */
  readonly gapSeconds: Watched | null;
  /** Of the host's CPUs, what others had during a sample. Null where nobody looked at the host. */
  readonly othersShare: Watched | null;
  /**
   * Of the time that QEMU's threads could have run, what they waited for a CPU. Null where the kernel does not tell. It has
   * no limit: the threads of client and server wait for each other, too. In a quick matrix on a quiet host of two CPUs it
   * was 1 to 51 %.
   */
  readonly waitShare: Watched | null;
  /** How many samples are over the limit of {@link othersShare}. */
  readonly contended: number;
}

const found = new WeakMap<Results, readonly Fairness[]>();

/** Of every run that has anything of it. It is asked for by four of those who tell the results, and found once. */
export function fairnessOf(results: Results): readonly Fairness[] {
  const fairness = found.get(results) ?? findFairness(results);
  found.set(results, fairness);
  return fairness;
}

function findFairness(results: Results): Fairness[] {
  const idles = new Map(
    results.records.flatMap((record) =>
      record.type === 'idle' ? [[runKey(record), record.l0.cpuSeconds.harness] as const] : [],
    ),
  );
  return results.cells
    .flatMap((cell) =>
      [...cell.outcomes].flatMap(([benchmark, outcome]) =>
        // What a block costs does not depend on who else ran on L0 around all of them.
        (outcome.state === 'measured' && !isMicrobenchmark(benchmark) ? outcome.runs : []).map(
          (run): Fairness => {
            const idle = idles.get(runKey({ cell: cell.name, benchmark, run: run.run })) ?? 0;
            return watchedOf({ cell, benchmark, run }, idle);
          },
        ),
      ),
    )
    .filter(
      ({ harnessShareInAll, gapSeconds, othersShare }) =>
        harnessShareInAll !== null || gapSeconds !== null || othersShare !== null,
    );
}

type Numbers = SampleStretch['columns'];

function watchedOf(what: Pick<Fairness, 'cell' | 'benchmark' | 'run'>, idleSeconds: number): Fairness {
  const { stretches } = what.run;
  const othersShare = watch(
    stretches,
    othersAreOver,
    ({ othersShare: share }, at) => share[at] ?? Number.NaN,
  );
  return {
    ...what,
    harnessShare: watch(
      stretches,
      HARNESS_LIMIT,
      ({ harnessSeconds, windowSeconds }, at) =>
        Math.max(0, (harnessSeconds[at] ?? Number.NaN) - idleSeconds) / (windowSeconds[at] ?? Number.NaN),
    ),
    harnessShareInAll: watch(
      stretches,
      HARNESS_LIMIT,
      ({ harnessSeconds, windowSeconds }, at) =>
        (harnessSeconds[at] ?? Number.NaN) / (windowSeconds[at] ?? Number.NaN),
    ),
    gapSeconds: watch(stretches, GAP_LIMIT_SECONDS, ({ gapSeconds }, at) => gapSeconds[at] ?? Number.NaN),
    othersShare,
    contended: othersShare?.over ?? 0,
    waitShare: watch(stretches, Number.POSITIVE_INFINITY, ({ waitShare }, at) => waitShare[at] ?? Number.NaN),
  };
}

function othersAreOver({ othersShare, othersSeconds }: Numbers, at: number): boolean {
  return (othersShare[at] ?? 0) >= OTHERS_LIMIT && (othersSeconds[at] ?? 0) >= OTHERS_LEAST_SECONDS;
}

/** What `valueOf` gives for each sample, NaN where it has none. A limit is a value, or asks the sample. */
function watch(
  stretches: readonly SampleStretch[],
  limit: number | ((numbers: Numbers, at: number) => boolean),
  valueOf: (numbers: Numbers, at: number) => number,
): Watched | null {
  let samples = 0;
  let over = 0;
  let most = { value: Number.NEGATIVE_INFINITY, iteration: 0 };
  for (const { columns } of stretches) {
    for (let at = 0; at < columns.iteration.length; at++) {
      const value = valueOf(columns, at);
      if (Number.isNaN(value)) continue;
      samples += 1;
      if (typeof limit === 'number' ? value >= limit : limit(columns, at)) over += 1;
      if (value > most.value) most = { value, iteration: columns.iteration[at] ?? 0 };
    }
  }
  return samples === 0 ? null : { samples, over, most };
}

/** A sum over the samples of a run; null where one of them does not tell. */
export function sumOf({ run }: Fairness, name: (typeof SUMS)[number]): number | null {
  const total = sum(run.stretches.map(({ sums }) => sums[name]));
  return Number.isNaN(total) ? null : total;
}

/** How many samples are over a limit; one that is over several counts for each. */
export function overLimit({ harnessShare, gapSeconds, othersShare }: Fairness): number {
  return sum([harnessShare, gapSeconds, othersShare].map((watched) => watched?.over ?? 0));
}

/** Whether any sample of a benchmark in a cell was taken while the host had other work. */
export function isBesideOthers(results: Results, cell: string, benchmark: string): boolean {
  return fairnessOf(results).some(
    (one) => one.contended > 0 && one.cell.name === cell && one.benchmark === benchmark,
  );
}

/** `2 of 12 samples were taken while ...`, with `(l1-baseline hackbench)` where places are wanted; empty where none was. */
export function describeContention(results: Results, { withPlaces = false } = {}): string {
  const all = fairnessOf(results);
  const contended = all.filter(({ contended: its }) => its > 0);
  if (contended.length === 0) return '';
  const samples = sum(all.map(({ run }) => run.values.length));
  const its = sum(contended.map((one) => one.contended));
  const places = withPlaces ? ` (${placesOf(contended)})` : '';
  return `${its} of ${samples} samples were taken while other work had the host's CPUs${places}: see Fairness`;
}

/** `l1-baseline hackbench, l2-baseline apache`. */
export function placesOf(all: readonly Fairness[]): string {
  return [...new Set(all.map(({ cell, benchmark }) => `${cell.name} ${benchmark}`))].join(', ');
}
