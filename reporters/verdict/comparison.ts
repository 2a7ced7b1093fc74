/** What a comparison of two experiments says: the types that tables, JSON and the A/B runner share. */
import type { Better } from '../model/benchmark-row.ts';
import type { Measurement } from '../model/measurement.ts';

export type Side = 'base' | 'head';

export interface CompareOptions {
  /** A change is told only where p is below it; 0.01 where none is given. */
  readonly significance?: number;
  /** Of the intervals; 0.95 where none is given. */
  readonly confidence?: number;
  /**
   * How large a change must be to matter, as a part of the base: 0.05 is 5 %, which is also what holds where none is
   * given, but for what is counted in instructions, of which 1 % matters. By benchmark's name where they differ; a
   * benchmark that the map does not have takes these.
   */
  readonly minimumEffect?: number | ReadonlyMap<string, number>;
  /** How many times the bootstrap, and a permutation test too large to enumerate, draw. */
  readonly resamples?: number;
  /** Of the random numbers: the same seed and the same results give the same comparison. */
  readonly seed?: number;
}

export type Comparison = Compared | Incomparable;

export interface Compared {
  readonly state: 'compared';
  /** What both sides measured, by cell and benchmark in the matrix's order. */
  readonly rows: readonly ComparedRow[];
  /** What one side measured and the other did not. */
  readonly unmatched: readonly Unmatched[];
  /** What differs and may be the point of the comparison: kernels, QEMUs, commits. */
  readonly changed: readonly Difference[];
  /** What differs and may not be meant, though the numbers can be compared: sentences. */
  readonly warnings: readonly string[];
  readonly tests: Tests;
  /** What was asked for, or held where nothing was. */
  readonly options: ResolvedOptions;
  /** Where the numbers were looked at more than once, while they came in: the significance of each look, of which `options` has the sum. */
  readonly looks?: readonly Look[];
}

/** A look at an A/B's numbers. */
export interface Look {
  readonly afterRound: number;
  readonly significance: number;
  /** Of its intervals: those of all looks together hold at the confidence of the whole. */
  readonly confidence: number;
}

export interface Incomparable {
  readonly state: 'incomparable';
  /** What forbids it, a sentence each, with the value of either side. Never empty. */
  readonly differences: readonly string[];
}

export interface ComparedRow {
  readonly cell: string;
  readonly benchmark: string;
  readonly unit: string;
  readonly better: Better;
  readonly base: Measurement;
  readonly head: Measurement;
  /** The head's mean over the base's, less 1: 0.1 is 10 % more, which is bad where lower is better. */
  readonly change: number;
  /** The change's confidence interval; null where a side has one boot, which tells nothing of how boots differ. */
  readonly interval: readonly [low: number, high: number] | null;
  /** Two-sided p, the larger of a permutation test's and Welch's; null where a side has one boot. */
  readonly probability: number | null;
  /** The same, adjusted by Holm for all tests of the comparison. Told; the verdict goes by {@link probability}. */
  readonly adjusted: number | null;
  /** What held for this benchmark, as a part of the base. */
  readonly minimumEffect: number;
  readonly verdict: Verdict;
}

export interface Verdict {
  readonly kind: VerdictKind;
  /** Why; of an undecided one also what it would take. A part of a sentence, without a full stop. */
  readonly reason: string;
  /**
   * Of an undecided one: how many boots each side would take at the noise that there is; null where that is more than
   * 1000, or can't be known. null of all others.
   */
  readonly neededBoots: number | null;
}

/** In the order in which a reader wants them. `changed` is a regression or an improvement that the toolchain may have made. */
export const VERDICT_KINDS = ['regression', 'improvement', 'changed', 'undecided', 'no change'] as const;
export type VerdictKind = (typeof VERDICT_KINDS)[number];

export interface Unmatched {
  readonly cell: string;
  readonly benchmark: string;
  /** The one that measured it. */
  readonly measured: Side;
  /** What became of it on the other side. */
  readonly other: { readonly state: 'failed' | 'skipped' | 'missing'; readonly reason: string };
}

export interface Difference {
  /** `kernel`, `commit`, `L1's command line`. */
  readonly what: string;
  readonly base: string;
  readonly head: string;
}

/** Many tests at once give false alarms at once. */
export interface Tests {
  readonly count: number;
  /**
   * How many regressions chance alone would be expected to declare, at most, had nothing changed: half of the p that
   * each test can just reach below the significance, summed.
   */
  readonly expectedFalseAlarms: number;
}

export interface ResolvedOptions {
  readonly significance: number;
  readonly confidence: number;
  readonly minimumEffect: number | ReadonlyMap<string, number>;
  readonly resamples: number;
  readonly seed: number;
}
