/**
 * Could chance have assigned these runs to these sides? If both sides are the same, the assignment of runs to sides is
 * arbitrary, and every way to assign them is as likely as the measured one.
 *
 * Runs are assigned, never their iterations: iterations of one run share its boot, and are not exchangeable with those
 * of another. The statistic is Welch's |t| of log(mean of head / mean of base). The ratio alone would take unequal
 * noise for a change: with 5 runs that spread by 10 % and 12 that spread by 2 %, it had p < 0.01 in 11 of 100 cases
 * without a change. Divided by its own standard error it is exact if the sides are the same, and right for many runs if
 * only their means are (A. Janssen, "Studentized permutation tests for non-i.i.d. hypotheses and the generalized
 * Behrens-Fisher problem", Statistics and Probability Letters 36, 1997; E. Chung and J. P. Romano, "Exact and
 * asymptotically robust permutation tests", Annals of Statistics 41(2), 2013).
 *
 * If there are few ways, all are enumerated (exact; R. A. Fisher, "The Design of Experiments", 1935, section 21).
 * Otherwise `resamples` of them are drawn, and p is (b + 1) / (m + 1), which is a valid p and never 0 (B. Phipson and
 * G. K. Smyth, "Permutation p-values should never be zero", Statistical Applications in Genetics and Molecular Biology
 * 9(1), 2010).
 */
import binomial from '@stdlib/math-base-special-binomcoef';
import { logRatio, ROUNDING, studentized, varianceOfMean } from './log-ratio.ts';
import { arithmeticMean } from './mean-of-unit.ts';
import { type RandomIndex, randomIndices } from '../../fixtures/statistics/random.ts';

export interface PermutationOptions {
  /** How many ways are drawn if there are too many to enumerate. */
  readonly resamples: number;
  readonly seed: number;
}

/** All ways are enumerated up to 7 and 9 runs or 8 and 8, which takes about a millisecond. */
const MAX_COUNTED_WAYS = 13_000;

/** Two-sided p of positive values, one per run and at least two per side. Swapping the sides does not change it. */
export function permutationTest(
  base: readonly number[],
  head: readonly number[],
  { resamples, seed }: PermutationOptions,
): number {
  const few = Math.min(base.length, head.length);
  const { estimate, error } = logRatio(base, head);
  if (error === null) throw new RangeError('a side has fewer than two runs');
  const measured = studentized(estimate, error.standard);
  // Sorted, so that the draws of a seed are the same for (a, b) and (b, a).
  const all = [...base, ...head].toSorted((one, other) => one - other);
  const deal = new Deal(all, few, measured);
  if (!isCounted(base.length, head.length)) {
    return (deal.countDrawn(resamples, randomIndices(seed)) + 1) / (resamples + 1);
  }
  // The measured way is one of them, whatever the rounding.
  const min = minProbability(base.length, head.length, resamples);
  return Math.max(min, deal.countAll() / waysOf(base.length, head.length));
}

function isCounted(base: number, head: number): boolean {
  return waysOf(base, head) <= MAX_COUNTED_WAYS;
}

/** The number of ways to assign so many runs to the sides. */
function waysOf(base: number, head: number): number {
  return binomial(base + head, base);
}

/**
 * The smallest p that so many runs can give, however far apart they are. With equal numbers on both sides the mirrored
 * way is as extreme as the measured one, so there are two; otherwise there is one.
 */
export function minProbability(base: number, head: number, resamples: number): number {
  return stepOf(base, head, resamples);
}

/** p is a multiple of this. */
function stepOf(base: number, head: number, resamples: number): number {
  if (!isCounted(base, head)) return 1 / (resamples + 1);
  return (base === head ? 2 : 1) / waysOf(base, head);
}

/** How often chance alone makes p less than `significance`: the largest possible p below it; 0 if none. */
export function attainableLevel(base: number, head: number, significance: number, resamples: number): number {
  const step = stepOf(base, head, resamples);
  const below = Math.ceil(significance / step - ROUNDING) - 1;
  return below * step;
}

/** How many runs each side needs for p to reach a value below `significance`. */
export function runsToReach(significance: number): number {
  let runs = 1;
  while (2 / waysOf(runs, runs) >= significance) runs += 1;
  return runs;
}

/** Ways to assign `few` of the values to one side, and which are as extreme as the measured one. */
class Deal {
  /** Relative to the mean of all, so that sums of squares lose no digits. */
  readonly #deviations: Float64Array;
  readonly #few: number;
  /** Treats sums that differ only by rounding as equal. */
  readonly #threshold: number;
  readonly #sum: number;
  readonly #squares: number;

  constructor(all: readonly number[], few: number, measured: number) {
    const mean = arithmeticMean(all);
    this.#deviations = Float64Array.from(all, (value) => value / mean - 1);
    this.#few = few;
    this.#threshold = Number.isFinite(measured) ? measured * (1 - SAME) : measured;
    this.#sum = this.#deviations.reduce((sum, each) => sum + each, 0);
    this.#squares = this.#deviations.reduce((sum, each) => sum + each * each, 0);
  }

  countAll(): number {
    const count = (next: number, left: number, sum: number, squares: number): number => {
      if (left === 0) return Number(this.#isExtreme(sum, squares));
      if (this.#deviations.length - next < left) return 0;
      const taken = this.#deviations[next] ?? NaN;
      return (
        count(next + 1, left - 1, sum + taken, squares + taken * taken) + count(next + 1, left, sum, squares)
      );
    };
    return count(0, this.#few, 0, 0);
  }

  countDrawn(draws: number, below: RandomIndex): number {
    const values = this.#deviations.slice();
    let extreme = 0;
    for (let draw = 0; draw < draws; draw += 1) {
      let [sum, squares] = [0, 0];
      // The first steps of Fisher and Yates' shuffle. It can start from any order, so the array is not reset.
      for (let place = 0; place < this.#few; place += 1) {
        const taken = place + below(values.length - place);
        const value = values[taken] ?? NaN;
        values[taken] = values[place] ?? NaN;
        values[place] = value;
        sum += value;
        squares += value * value;
      }
      if (this.#isExtreme(sum, squares)) extreme += 1;
    }
    return extreme;
  }

  /** Takes the sums of the smaller side. */
  #isExtreme(sum: number, squares: number): boolean {
    const few = this.#few;
    const more = this.#deviations.length - few;
    const [otherSum, otherSquares] = [this.#sum - sum, this.#squares - squares];
    const distance = Math.log((1 + sum / few) / (1 + otherSum / more));
    const variance = varianceOfMean(few, sum, squares) + varianceOfMean(more, otherSum, otherSquares);
    return studentized(distance, Math.sqrt(variance)) >= this.#threshold;
  }
}

/** How much t may differ between equal ways because of rounding. */
const SAME = 1e-9;
