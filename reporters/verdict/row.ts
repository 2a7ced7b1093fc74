/** One benchmark in one cell, as two experiments measured it. */
import { bootstrapInterval } from '../../fixtures/statistics/bootstrap.ts';
import { detectableLogRatio, runsToDetect } from '../../fixtures/statistics/detectable.ts';
import { logRatio } from '../../fixtures/statistics/log-ratio.ts';
import { isRate } from '../../fixtures/statistics/mean-of-unit.ts';
import { leastProbability, permutationTest, runsToReach } from '../../fixtures/statistics/permutation.ts';
import { bootMeans, measurementOf } from '../measurement.ts';
import type { Measured } from '../results.ts';
import type { ComparedRow, ResolvedOptions } from './comparison.ts';
import { minimumEffectOf } from './options.ts';
import { verdictOf } from './verdict.ts';

/** Of the intervals, as of all others that nestbench prints. */
export const CONFIDENCE = 0.95;

/** Everything but what takes the other rows to know. */
export type UnadjustedRow = Omit<ComparedRow, 'adjusted'>;

/** Compares what both sides measured of a benchmark whose unit and better direction are the same on both. */
export function compareMeasured(
  { cell, benchmark, base, head }: { cell: string; benchmark: string; base: Measured; head: Measured },
  options: ResolvedOptions,
): UnadjustedRow {
  const { unit, better } = base;
  const { resamples, significance } = options;
  const minimumEffect = minimumEffectOf(options, benchmark, unit);
  const measurements = [measurementOf(base), measurementOf(head)] as const;
  const change = measurements[1].mean / measurements[0].mean - 1;
  const times = [timesOf(base), timesOf(head)] as const;
  const boots = [times[0].length, times[1].length] as const;
  const least = leastProbability(...boots, resamples);
  const interval = intervalOf(unit, times, options);
  const probability = least < 1 ? permutationTest(...times, options) : null;
  const { error } = logRatio(...times);
  const smallest = Math.log1p(minimumEffect);
  const verdict = verdictOf({
    better,
    boots,
    change,
    interval,
    probability,
    significance,
    leastProbability: least,
    leastBoots: runsToReach(significance),
    minimumEffect,
    couldSee: error !== null && detectableLogRatio(error, significance) <= smallest,
    neededBoots: error && runsToDetect(...times, smallest, significance),
  });
  return {
    cell,
    benchmark,
    unit,
    better,
    base: measurements[0],
    head: measurements[1],
    change,
    interval,
    probability,
    minimumEffect,
    verdict,
  };
}

/** The boots' means as times: of a rate, how long one unit of work took. Their mean is then always the arithmetic one. */
function timesOf(measured: Measured): number[] {
  const means = bootMeans(measured);
  return isRate(measured.unit) ? means.map((mean) => 1 / mean) : means;
}

function intervalOf(
  unit: string,
  [base, head]: readonly [number[], number[]],
  { resamples, seed }: ResolvedOptions,
): ComparedRow['interval'] {
  const ratio = bootstrapInterval(base, head, { resamples, seed, confidence: CONFIDENCE });
  if (ratio === null) return null;
  const [low, high] = isRate(unit) ? [1 / ratio[1], 1 / ratio[0]] : ratio;
  return [low - 1, high - 1];
}
