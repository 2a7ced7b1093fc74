/**
 * Whether anything but the benchmark took time: how long the harness's processes ran on L0's CPUs during a sample, how
 * long the gaps between samples were, and whether the host had CPUs for the QEMUs. A value over its limit is flagged,
 * but is not a failure.
 */
import { isMicrobenchmark } from '../../fixtures/benchmarks/index.ts';
import { runKey } from '../model/journal-index.ts';
import type { CellResults, Results, Run } from '../model/experiment-results.ts';
import type { MeasuredSeries, SUMS } from '../model/measured-series.ts';
import { sum } from '../model/sum.ts';

/**
 * Share of a sample's time, over all CPUs of L0, and CPU time: a sample is over the limit if it is over both. Where L0 is
 * emulated, the host may take the CPU from it at any time, and L0 charges that to whatever process is running: on a quiet
 * host up to 28 ms of a sample (two matrices of 273 samples, 30 November 2026), where 2 to 10 were usual.
 */
export const HARNESS_LIMIT = 0.01;
export const HARNESS_LIMIT_SECONDS = 0.03;
/**
 * A gap is over the limit if it is over both. On a quiet host gaps are 15 to 50 ms long; up to 91 ms after apache at L3, where
 * the level still ends connections when it is asked for incidents.
 */
export const GAP_LIMIT_SECONDS = 0.05;
export const GAP_LIMIT_SHARE = 0.05;
/**
 * Share of the host's CPUs. A quick matrix on a quiet host with two CPUs had at most 6.1 % in 231 samples, and less
 * than 1 % in nine of ten; next to a build it was 40 to 89 %. /proc/stat charges each whole tick (4 ms at 250 Hz) to
 * whoever runs at that moment, so in a short sample fewer than 25 ticks may be its error.
 */
export const OTHERS_LIMIT = 0.1;
const OTHERS_MIN_SECONDS = 0.1;
/** One quantity, over the samples of a run that have it. */
export interface Watched {
  readonly samples: number;
  /** The number of those that are over its limit. */
  readonly over: number;
  /** The largest value, and its iteration. */
  readonly max: { readonly value: number; readonly iteration: number };
}

export interface Fairness {
  readonly cell: CellResults;
  readonly benchmark: string;
  readonly run: Run;
  /**
   * CPU time of the harness during a sample over the sample's length, without the cost of starting a command and
   * noticing its end: the smallest cost seen of a command that does nothing (its `idle` record). null if L0 was not
   * observed.
   */
  readonly harnessShare: Watched | null;
  /** The same including starts, ends and both readings on L0. */
  readonly harnessShareInAll: Watched | null;
  /** null if no sample had a predecessor in its run. */
  readonly gapSeconds: Watched | null;
  /** The share of the host's CPUs that others used during a sample. null if the host was not observed. */
  readonly othersShare: Watched | null;
  /**
   * The share of the time in which QEMU's threads were runnable that they waited for a CPU. null if the kernel does not
   * report it. It has no limit, because threads of client and server also wait for each other: a quick matrix on a
   * quiet host with two CPUs had 1 to 51 %.
   */
  readonly waitShare: Watched | null;
  /** How many samples are over the limit of {@link othersShare}. */
  readonly contended: number;
}

const found = new WeakMap<Results, readonly Fairness[]>();

/** Every run with any of these values. Cached, because four reporters ask for it. */
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
        // The cost of a block does not depend on who else ran on L0.
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

type Numbers = MeasuredSeries['columns'];

function watchedOf(what: Pick<Fairness, 'cell' | 'benchmark' | 'run'>, idleSeconds: number): Fairness {
  const { series } = what.run;
  const harnessSecondsOf = ({ harnessSeconds }: Numbers, at: number): number =>
    Math.max(0, (harnessSeconds[at] ?? Number.NaN) - idleSeconds);
  const othersShare = watch(series, othersAreOver, ({ othersShare: share }, at) => share[at] ?? Number.NaN);
  return {
    ...what,
    harnessShare: watch(
      series,
      (numbers, at) =>
        harnessSecondsOf(numbers, at) >=
        Math.max(HARNESS_LIMIT_SECONDS, HARNESS_LIMIT * (numbers.windowSeconds[at] ?? 0)),
      (numbers, at) => harnessSecondsOf(numbers, at) / (numbers.windowSeconds[at] ?? Number.NaN),
    ),
    harnessShareInAll: watch(
      series,
      Number.POSITIVE_INFINITY,
      ({ harnessSeconds, windowSeconds }, at) =>
        (harnessSeconds[at] ?? Number.NaN) / (windowSeconds[at] ?? Number.NaN),
    ),
    gapSeconds: watch(series, gapIsOver, ({ gapSeconds }, at) => gapSeconds[at] ?? Number.NaN),
    othersShare,
    contended: othersShare?.over ?? 0,
    waitShare: watch(series, Number.POSITIVE_INFINITY, ({ waitShare }, at) => waitShare[at] ?? Number.NaN),
  };
}

function gapIsOver({ gapSeconds, seconds }: Numbers, at: number): boolean {
  return (gapSeconds[at] ?? 0) >= Math.max(GAP_LIMIT_SECONDS, GAP_LIMIT_SHARE * (seconds[at] ?? 0));
}

function othersAreOver({ othersShare, othersSeconds }: Numbers, at: number): boolean {
  return (othersShare[at] ?? 0) >= OTHERS_LIMIT && (othersSeconds[at] ?? 0) >= OTHERS_MIN_SECONDS;
}

/** `valueOf` returns a sample's value, or NaN without one. A limit is a number, or depends on the sample. */
function watch(
  series: readonly MeasuredSeries[],
  limit: number | ((numbers: Numbers, at: number) => boolean),
  valueOf: (numbers: Numbers, at: number) => number,
): Watched | null {
  let samples = 0;
  let over = 0;
  let max = { value: Number.NEGATIVE_INFINITY, iteration: 0 };
  for (const { columns } of series) {
    for (let at = 0; at < columns.iteration.length; at++) {
      const value = valueOf(columns, at);
      if (Number.isNaN(value)) continue;
      samples += 1;
      if (typeof limit === 'number' ? value >= limit : limit(columns, at)) over += 1;
      if (value > max.value) max = { value, iteration: columns.iteration[at] ?? 0 };
    }
  }
  return samples === 0 ? null : { samples, over, max };
}

/** A sum over the samples of a run; null if one of them lacks the value. */
export function sumOf({ run }: Fairness, name: (typeof SUMS)[number]): number | null {
  const total = sum(run.series.map(({ sums }) => sums[name]));
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

/**
 * `2 of 12 samples were taken while ...`, with `(l1-baseline hackbench)` if places are requested; empty if none was.
 */
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
