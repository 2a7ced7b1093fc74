/**
 * Student's two-sided t-test of two groups that share a variance ("The probable error of a mean", Biometrika 6, 1908;
 * NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.3). It needs at least three values.
 */
import { ROUNDING } from './log-ratio.ts';
import { studentProbability } from '../../fixtures/statistics/student.ts';

export interface Group {
  readonly count: number;
  readonly mean: number;
  /** The sum of the squared distances from the mean. */
  readonly squares: number;
  readonly values: readonly number[];
}

export function groupOf(values: readonly number[]): Group {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return { count, mean, squares: values.reduce((sum, value) => sum + (value - mean) ** 2, 0), values };
}

/**
 * p; 1 with fewer than three values, which can't distinguish noise from a difference.
 * @param correlation the share of its predecessor's deviation that each value has (autoregressive, of order 1), below
 * 1.
 */
export function tTest(one: Group, other: Group, correlation = 0): number {
  const count = one.count + other.count;
  if (one.count === 0 || other.count === 0 || count < 3) return 1;
  const difference = Math.abs(one.mean - other.mean);
  if (difference < ROUNDING) return 1;
  const worth = valuesPerIndependent(one.count, correlation);
  const otherWorth = valuesPerIndependent(other.count, correlation);
  // Correlated values also scatter less about their own mean than about the true one.
  const variance = (one.squares + other.squares) / (count - worth - otherWorth);
  const error = Math.sqrt(variance * (worth / one.count + otherWorth / other.count));
  // Groups that don't vary at all.
  if (error < ROUNDING) return 0;
  return studentProbability(difference / error, count - 2);
}

/**
 * The variance of the mean of correlated values over that of independent ones: 1 + 2 times the sum over all lags k of
 * (1 - k / n) r^k (G. E. P. Box and G. M. Jenkins, "Time Series Analysis", 1970), in closed form.
 */
function valuesPerIndependent(count: number, correlation: number): number {
  const rest = 1 - correlation;
  return 1 + ((2 * correlation) / rest) * (1 - (1 - correlation ** count) / (count * rest));
}

/** What remains of a difference without any one of the values: what does not depend on a single value. */
export interface Steady {
  /** The largest p without any one of them. */
  readonly probability: number;
  /**
   * The smallest difference of `other`'s mean to `one`'s, in the direction of the whole; 0 if the direction reverses.
   */
  readonly difference: number;
}

export function withoutAny(one: Group, other: Group, correlation = 0): Steady {
  const pairs: (readonly [Group, Group])[] = [
    ...one.values.map((value) => [without(one, value), other] as const),
    ...other.values.map((value) => [one, without(other, value)] as const),
  ];
  const direction = Math.sign(other.mean - one.mean);
  const differences = pairs.map(([before, after]) => (after.mean - before.mean) * direction);
  return {
    probability: Math.max(...pairs.map(([before, after]) => tTest(before, after, correlation))),
    difference: Math.max(0, Math.min(...differences)) * direction,
  };
}

/** The inverse of B. P. Welford's update (Technometrics 4, 1962). */
function without({ count, mean, squares, values }: Group, value: number): Group {
  const rest = (count * mean - value) / (count - 1);
  return {
    count: count - 1,
    mean: rest,
    squares: Math.max(squares - (value - mean) * (value - rest), 0),
    values,
  };
}
