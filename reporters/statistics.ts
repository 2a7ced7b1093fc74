/**
 * Statistics of one series of samples, carried by tinybench 6.
 *
 * What tinybench computes (dist/index.js of 6.2.3): mean and variance by Welford's one-pass recurrence (B. P. Welford,
 * "Note on a method for calculating corrected sums of squares and products", Technometrics 4(3), 1962), the variance
 * with n - 1; quantiles by linear interpolation between order statistics (R. J. Hyndman and Y. Fan, "Sample quantiles
 * in statistical packages", The American Statistician 50(4), 1996, type 7), so the median of an even number of samples
 * is the middle of the two middle ones; and the margin of error `moe = critical * sd / sqrt(n)`. Its critical value is
 * the two-sided 95 % one of Student's t for n - 1 degrees of freedom, found by Newton's method on the incomplete beta
 * function. It is neither read from a coarse table nor replaced by the normal 1.96 for larger n; the tests beside this
 * file hold it to the printed t-table.
 *
 * tinybench calls a sample "milliseconds". Here it is whatever unit the benchmark has: a sample goes in as a duration
 * and only the fields of `latency` are read, which tinybench never scales (its `throughput` is 1000 / latency, and is
 * of no use here).
 */
import { Bench } from 'tinybench';

export interface Statistics {
  readonly n: number;
  readonly mean: number;
  /** Of the sample, with n - 1; null where n is 1, which has none. */
  readonly standardDeviation: number | null;
  /** Half the width of the mean's 95 % confidence interval (Student's t); null where n is 1, which has none. */
  readonly halfWidth: number | null;
  readonly min: number;
  readonly max: number;
  readonly median: number;
}

/**
 * Statistics of `values`, which need not be sorted.
 * @throws {RangeError} where there is no value, or one that is not finite or is negative: tinybench would put the
 * wall time of the call in the place of such a value, without a word.
 */
export function statisticsOf(values: readonly number[]): Statistics {
  if (values.length === 0) throw new RangeError('there are no statistics of no samples');
  const unusable = values.find((value) => !Number.isFinite(value) || value < 0);
  if (unusable !== undefined)
    throw new RangeError(`a sample is ${unusable}: it must be finite and not negative`);
  const { mean, sd, moe, min, max, p50 } = replay(values);
  const single = values.length === 1;
  return {
    n: values.length,
    mean,
    standardDeviation: single ? null : sd,
    halfWidth: single ? null : moe,
    min,
    max,
    median: p50,
  };
}

/** Has tinybench "measure" exactly `values`, one call each. */
function replay(values: readonly number[]) {
  const bench = new Bench({
    iterations: values.length,
    time: 0,
    warmup: false,
    concurrency: null,
    throws: true,
  });
  let next = 0;
  // Said to be synchronous: where that is not said, tinybench calls the function once more to find it out.
  bench.add('replay', () => ({ overriddenDuration: values[next++] }), { async: false });
  const result = bench.runSync()[0]?.result;
  if (result?.state !== 'completed' || result.latency.samplesCount !== values.length) {
    throw new Error(`tinybench did not replay ${values.length} samples: ${result?.state ?? 'no task'}`);
  }
  return result.latency;
}
