/** The result of a comparison: the types that tables, JSON and the A/B runner share. */
import type { Better } from '../model/benchmark-row.ts';
import type { Measurement } from '../model/measurement.ts';

export type Side = 'base' | 'head';

export interface CompareOptions {
  /** A change is declared only if p is below it. Default 0.01. */
  readonly significance?: number;
  /** Confidence of the intervals. Default 0.95. */
  readonly confidence?: number;
  /**
   * How large a change must be to matter, as a share of the base: 0.05 is 5 %. Default 5 %, and 1 % for instructions. A
   * map sets it by benchmark; benchmarks not in the map use the default.
   */
  readonly minimumEffect?: number | ReadonlyMap<string, number>;
  /** Number of draws of the bootstrap, and of a permutation test that is too large to enumerate. */
  readonly resamples?: number;
  /** Seed of the random numbers: the same seed and the same results give the same comparison. */
  readonly seed?: number;
}

export type Comparison = Compared | Incomparable;

export interface Compared {
  readonly state: 'compared';
  /** What both sides measured, by cell and benchmark in the matrix's order. */
  readonly rows: readonly ComparedRow[];
  readonly unmatched: readonly Unmatched[];
  /** Differences that may be the point of the comparison: kernels, QEMUs, commits. */
  readonly changed: readonly Difference[];
  /** Differences that may be unintended, although the numbers can be compared: sentences. */
  readonly warnings: readonly string[];
  readonly tests: Tests;
  /** The options in effect, including defaults. */
  readonly options: ResolvedOptions;
  /**
   * For results that were looked at repeatedly while they came in: the significance of each look. `options` has their
   * sum.
   */
  readonly looks?: readonly Look[];
}

export interface Look {
  readonly afterRound: number;
  readonly significance: number;
  /** Confidence of its intervals. Those of all looks together hold at the confidence of the whole. */
  readonly confidence: number;
}

export interface Incomparable {
  readonly state: 'incomparable';
  /** What forbids the comparison: a sentence each, with both values. Never empty. */
  readonly differences: readonly string[];
}

export interface ComparedRow {
  readonly cell: string;
  readonly benchmark: string;
  readonly unit: string;
  readonly better: Better;
  readonly base: Measurement;
  readonly head: Measurement;
  /** The head's mean over the base's, minus 1: 0.1 is 10 % more, which is bad if lower is better. */
  readonly change: number;
  /** The change's confidence interval; null if a side has one boot, which does not show how boots differ. */
  readonly interval: readonly [low: number, high: number] | null;
  /** Two-sided p, the larger of a permutation test's and Welch's; null if a side has one boot. */
  readonly probability: number | null;
  /** The same, adjusted by Holm for all tests of the comparison. Only printed; the verdict uses {@link probability}. */
  readonly adjusted: number | null;
  /** The minimum effect of this benchmark, as a share of the base. */
  readonly minimumEffect: number;
  readonly verdict: Verdict;
}

export interface Verdict {
  readonly kind: VerdictKind;
  /**
   * The reason, and for an undecided row also what it would take to decide. Part of a sentence, without a full stop.
   */
  readonly reason: string;
  /**
   * How many boots each side would need at this noise, for an undecided row; null if more than 1000 or unknown, and for
   * other rows.
   */
  readonly neededBoots: number | null;
}

/**
 * In the order in which a reader wants them. `changed` is a regression or an improvement that the toolchain may have
 * caused.
 */
export const VERDICT_KINDS = ['regression', 'improvement', 'changed', 'undecided', 'no change'] as const;
export type VerdictKind = (typeof VERDICT_KINDS)[number];

export interface Unmatched {
  readonly cell: string;
  readonly benchmark: string;
  readonly measured: Side;
  readonly other: { readonly state: 'failed' | 'skipped' | 'missing'; readonly reason: string };
}

export interface Difference {
  /** `kernel`, `commit`, `L1's command line`. */
  readonly what: string;
  readonly base: string;
  readonly head: string;
}

/** The number of tests, and of the false alarms to expect. */
export interface Tests {
  readonly count: number;
  /**
   * The maximum number of regressions that chance alone would declare on average if nothing had changed: the sum over
   * the tests of half the largest p that each can reach below the significance.
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
