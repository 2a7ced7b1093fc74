/**
 * The ratio of two means, on the logarithmic scale: there the ratio of head to base is the negative of that of base to
 * head, and the unit is gone.
 *
 * The standard error is the delta method's, in which each side's relative variance adds up; the degrees of freedom are
 * those of B. L. Welch, "The generalization of 'Student's' problem when several different population variances are
 * involved", Biometrika 34, 1947, which the sides need not share a variance for.
 */
import { arithmeticMean } from './mean-of-unit.ts';
import { studentProbability } from '../../fixtures/statistics/student.ts';

export interface LogRatio {
  /** log(mean of head / mean of base). */
  readonly estimate: number;
  /** null where a side has one value, which has no variance. */
  readonly error: LogRatioError | null;
}

export interface LogRatioError {
  readonly standard: number;
  /** Welch's; Infinity where neither side varies. */
  readonly degrees: number;
}

/** What is left of a difference between equal numbers that were added up in another order. */
export const ROUNDING = 1e-12;

/** Of positive values, one for each run. */
export function logRatio(base: readonly number[], head: readonly number[]): LogRatio {
  const estimate = Math.log(arithmeticMean(head) / arithmeticMean(base));
  if (base.length < 2 || head.length < 2) return { estimate, error: null };
  const sides = [base, head].map((values) => ({ n: values.length, variance: relativeVariance(values) }));
  return { estimate, error: errorOf(sides) };
}

/** Of the logarithm of a ratio of two means: each side's number of values, and their variance over the mean's square. */
export function errorOf(sides: readonly { readonly n: number; readonly variance: number }[]): LogRatioError {
  const parts = sides.map(({ n, variance }) => ({ freedom: n - 1, square: variance / n }));
  const square = totalOf(parts.map((part) => part.square));
  const standard = Math.sqrt(square);
  if (standard < ROUNDING) return { standard: 0, degrees: Infinity };
  return { standard, degrees: square ** 2 / totalOf(parts.map((part) => part.square ** 2 / part.freedom)) };
}

/** Two-sided p of Welch's t; null where a side has one value alone. */
export function welchTest(base: readonly number[], head: readonly number[]): number | null {
  const { estimate, error } = logRatio(base, head);
  if (error === null) return null;
  return studentProbability(studentized(estimate, error.standard), error.degrees);
}

/** Distances in standard errors; of values that do not vary, 0 or Infinity. */
export function studentized(distance: number, standard: number): number {
  const size = Math.abs(distance);
  if (standard >= ROUNDING) return size / standard;
  return size < ROUNDING ? 0 : Infinity;
}

/**
 * The variance of a mean over its square, of `n` values of which each is 1 and a deviation, from the deviations' sums: for
 * what asks a million times. One value again and again has none, but for what rounding leaves of it.
 */
export function varianceOfMean(n: number, sum: number, squares: number): number {
  const scatter = squares - (sum * sum) / n;
  return scatter <= squares * ROUNDING ? 0 : scatter / ((n - 1) * n * (1 + sum / n) ** 2);
}

function totalOf(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The variance over the mean's square, with n - 1; of at least two values. */
export function relativeVariance(values: readonly number[]): number {
  const mean = arithmeticMean(values);
  return values.reduce((sum, value) => sum + (value / mean - 1) ** 2, 0) / (values.length - 1);
}
