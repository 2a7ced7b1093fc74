/**
 * The power of a comparison with so many runs: the smallest change that a two-sided test at the significance level
 * finds in nine of ten experiments, at the noise of the runs. It uses the usual formula for sample sizes, (t at 1 -
 * significance/2 + t at the power) standard errors, with Student's t because the noise is an estimate (NIST/SEMATECH
 * e-Handbook of Statistical Methods, 7.2.2.2; J. Cohen, "Statistical Power Analysis", 1988, chapter 2).
 */
import { type LogRatioError, relativeVariance } from './log-ratio.ts';
import { studentQuantile } from '../../fixtures/statistics/student.ts';
import { runsToReach } from './permutation.ts';

/** The share of experiments in which a change of that size is found. */
const POWER = 0.9;

/** The smallest change that would be found, as a logarithm of the ratio. */
export function detectableLogRatio({ standard, degrees }: LogRatioError, significance: number): number {
  return (studentQuantile(1 - significance / 2, degrees) + studentQuantile(POWER, degrees)) * standard;
}

/** More than anyone waits for. */
export const MAX_RUNS = 1000;

/**
 * How many runs each side needs to find a change of `smallest` (a logarithm of the ratio), at the noise of these runs;
 * null above {@link MAX_RUNS}. Both sides must have at least two values.
 */
export function runsToDetect(
  base: readonly number[],
  head: readonly number[],
  smallest: number,
  significance: number,
): number | null {
  const variance = relativeVariance(base) + relativeVariance(head);
  const suffices = (runs: number): boolean => {
    const error = { standard: Math.sqrt(variance / runs), degrees: 2 * (runs - 1) };
    return detectableLogRatio(error, significance) <= smallest;
  };
  let [low, high] = [runsToReach(significance), MAX_RUNS];
  if (!suffices(high)) return null;
  // More runs always find more, so bisection finds the smallest number.
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
