/**
 * Could chance have put these runs on these sides? Under the hypothesis that both sides are the same, which run
 * belongs to which is a label, and every way to deal the labels out is as likely as the one that was measured.
 *
 * Runs are what is dealt out, never their iterations: those of one run share its boot, and are not exchangeable with
 * those of another. The statistic is Welch's |t| of log(mean of head / mean of base). The ratio alone would take unequal
 * noise for a change: of 5 runs that spread by 10 % and 12 that spread by 2 %, it had p < 0.01 in 11 of 100 cases without
 * a change. Divided by its own standard error it is exact where the sides are the same, and right for many runs where
 * only their means are (A. Janssen, "Studentized permutation tests for non-i.i.d. hypotheses and the generalized
 * Behrens-Fisher problem", Statistics and Probability Letters 36, 1997; E. Chung and J. P. Romano, "Exact and
 * asymptotically robust permutation tests", Annals of Statistics 41(2), 2013).
 *
 * While there are few ways all are counted (exact; R. A. Fisher, "The Design of Experiments", 1935, section 21). Beyond,
 * `resamples` of them are drawn, and p is (b + 1) / (m + 1), which is a valid p and never 0 (B. Phipson and G. K. Smyth,
 * "Permutation p-values should never be zero", Statistical Applications in Genetics and Molecular Biology 9(1), 2010).
 */
import binomial from '@stdlib/math-base-special-binomcoef';
import { logRatio, ROUNDING, studentized, varianceOfMean } from './log-ratio.ts';
import { arithmeticMean } from './mean-of-unit.ts';
import { type RandomIndex, randomIndices } from '../../fixtures/statistics/random.ts';

export interface PermutationOptions {
  /** How many ways are drawn where there are too many to count. */
  readonly resamples: number;
  readonly seed: number;
}

/** All ways are counted up to 7 and 9 runs or 8 and 8, which takes about a millisecond. */
const MOST_COUNTED_WAYS = 13_000;

/**
 * Two-sided p of positive values, one for each run and two at least on each side. Which side is called which does not
 * matter to it.
 */
export function permutationTest(
  base: readonly number[],
  head: readonly number[],
  { resamples, seed }: PermutationOptions,
): number {
  const few = Math.min(base.length, head.length);
  const { estimate, error } = logRatio(base, head);
  if (error === null) throw new RangeError('a side has less than two runs');
  const measured = studentized(estimate, error.standard);
  // In one order whatever side they came from: the draws of a seed are then the same for (a, b) and (b, a).
  const all = [...base, ...head].toSorted((one, other) => one - other);
  const deal = new Deal(all, few, measured);
  if (!isCounted(base.length, head.length)) {
    return (deal.countDrawn(resamples, randomIndices(seed)) + 1) / (resamples + 1);
  }
  // The way that was measured is one of them, whatever rounding makes of it.
  const least = leastProbability(base.length, head.length, resamples);
  return Math.max(least, deal.countAll() / waysOf(base.length, head.length));
}

function isCounted(base: number, head: number): boolean {
  return waysOf(base, head) <= MOST_COUNTED_WAYS;
}

/** How many ways there are to deal out so many runs to either side. */
function waysOf(base: number, head: number): number {
  return binomial(base + head, base);
}

/**
 * The least p that so many runs can give, however far apart they are. With equally many on either side the mirrored
 * way is as extreme as the one measured, so there are two; else there is one.
 */
export function leastProbability(base: number, head: number, resamples: number): number {
  return stepOf(base, head, resamples);
}

/** What p is a multiple of. */
function stepOf(base: number, head: number, resamples: number): number {
  if (!isCounted(base, head)) return 1 / (resamples + 1);
  return (base === head ? 2 : 1) / waysOf(base, head);
}

/** How often chance alone makes p less than `significance`: the largest p that the test has below it; 0 if none. */
export function attainableLevel(base: number, head: number, significance: number, resamples: number): number {
  const step = stepOf(base, head, resamples);
  const below = Math.ceil(significance / step - ROUNDING) - 1;
  return below * step;
}

/** How many runs each side needs for p to be able to be less than `significance`. */
export function runsToReach(significance: number): number {
  let runs = 1;
  while (2 / waysOf(runs, runs) >= significance) runs += 1;
  return runs;
}

/** Ways to deal out values to a side of `few` and the others, and which are as extreme as the one measured. */
class Deal {
  /** As parts of the mean of all, so that sums of squares lose no digits. */
  readonly #deviations: Float64Array;
  readonly #few: number;
  /** Equal ways that were added up in another order are equal. */
  readonly #least: number;
  readonly #sum: number;
  readonly #squares: number;

  constructor(all: readonly number[], few: number, measured: number) {
    const mean = arithmeticMean(all);
    this.#deviations = Float64Array.from(all, (value) => value / mean - 1);
    this.#few = few;
    this.#least = Number.isFinite(measured) ? measured * (1 - SAME) : measured;
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
      // The first places of Fisher and Yates' shuffle, which need no fresh start: any order shuffles as well.
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

  /** Of the fewer side's sums. */
  #isExtreme(sum: number, squares: number): boolean {
    const few = this.#few;
    const more = this.#deviations.length - few;
    const [otherSum, otherSquares] = [this.#sum - sum, this.#squares - squares];
    const distance = Math.log((1 + sum / few) / (1 + otherSum / more));
    const variance = varianceOfMean(few, sum, squares) + varianceOfMean(more, otherSum, otherSquares);
    return studentized(distance, Math.sqrt(variance)) >= this.#least;
  }
}

/** By how much t may differ between ways that are the same but for rounding. */
const SAME = 1e-9;
