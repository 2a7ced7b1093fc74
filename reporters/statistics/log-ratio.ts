/**
 * The ratio of two means, on the logarithmic scale: there the ratio of head to base is the negative of that of base to
 * head, and the unit cancels.
 *
 * The standard error is from the delta method, in which each side's relative variance adds up. The degrees of freedom
 * are those of B. L. Welch, "The generalization of 'Student's' problem when several different population variances are
 * involved", Biometrika 34, 1947, which do not assume that the sides share a variance.
 */
import { arithmeticMean } from './mean-of-unit.ts';
import { studentProbability } from '../../fixtures/statistics/student.ts';

export interface LogRatio {
  /** log(mean of head / mean of base). */
  readonly estimate: number;
  /** null if a side has one value, which has no variance. */
  readonly error: LogRatioError | null;
}

export interface LogRatioError {
  readonly standard: number;
  /** Welch's; Infinity if neither side varies. */
  readonly degrees: number;
}

/** The rounding error between equal sums that were added up in a different order. */
export const ROUNDING = 1e-12;

/** Of positive values, one per run. */
export function logRatio(base: readonly number[], head: readonly number[]): LogRatio {
  const estimate = Math.log(arithmeticMean(head) / arithmeticMean(base));
  if (base.length < 2 || head.length < 2) return { estimate, error: null };
  const sides = [base, head].map((values) => ({ n: values.length, variance: relativeVariance(values) }));
  return { estimate, error: errorOf(sides) };
}

/**
 * The error of the logarithm of a ratio of two means, from each side's number of values and their variance over the
 * squared mean.
 */
export function errorOf(sides: readonly { readonly n: number; readonly variance: number }[]): LogRatioError {
  const parts = sides.map(({ n, variance }) => ({ freedom: n - 1, square: variance / n }));
  const square = totalOf(parts.map((part) => part.square));
  const standard = Math.sqrt(square);
  if (standard < ROUNDING) return { standard: 0, degrees: Infinity };
  return { standard, degrees: square ** 2 / totalOf(parts.map((part) => part.square ** 2 / part.freedom)) };
}

/** Two-sided p of Welch's t; null if a side has only one value. */
export function welchTest(base: readonly number[], head: readonly number[]): number | null {
  const { estimate, error } = logRatio(base, head);
  if (error === null) return null;
  return studentProbability(studentized(estimate, error.standard), error.degrees);
}

/** A distance in standard errors; 0 or Infinity for values that do not vary. */
export function studentized(distance: number, standard: number): number {
  const size = Math.abs(distance);
  if (standard >= ROUNDING) return size / standard;
  return size < ROUNDING ? 0 : Infinity;
}

/**
 * The variance of a mean over its square, for `n` values that are each 1 plus a deviation, from the sums of the
 * deviations: for code that needs it a million times. Equal values have none, except for rounding.
 */
export function varianceOfMean(n: number, sum: number, squares: number): number {
  const scatter = squares - (sum * sum) / n;
  return scatter <= squares * ROUNDING ? 0 : scatter / ((n - 1) * n * (1 + sum / n) ** 2);
}

function totalOf(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The variance over the squared mean, with n - 1, of at least two values. */
export function relativeVariance(values: readonly number[]): number {
  const mean = arithmeticMean(values);
  return values.reduce((sum, value) => sum + (value / mean - 1) ** 2, 0) / (values.length - 1);
}
