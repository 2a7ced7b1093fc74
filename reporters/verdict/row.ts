/** One benchmark in one cell, as two experiments measured it. */
import { bootstrapInterval } from '../statistics/bootstrap.ts';
import { runsToDetect } from '../statistics/detectable.ts';
import { welchTest } from '../statistics/log-ratio.ts';
import { isRate, meanOfUnit } from '../statistics/mean-of-unit.ts';
import { permutationTest, runsToReach } from '../statistics/permutation.ts';
import type { Better } from '../model/benchmark-row.ts';
import { bootMeans, measurementOf } from '../model/measurement.ts';
import type { Measured } from '../model/experiment-results.ts';
import type { ComparedRow, ResolvedOptions } from './comparison.ts';
import { minimumEffectOf } from './compare-settings.ts';
import { verdictOf } from './verdict.ts';

/** Everything but what takes the other rows to know. */
export type UnadjustedRow = Omit<ComparedRow, 'adjusted'>;

/** Compares what both sides measured of a benchmark whose unit and better direction are the same on both. */
export function compareMeasured(
  { cell, benchmark, base, head }: { cell: string; benchmark: string; base: Measured; head: Measured },
  options: ResolvedOptions,
): UnadjustedRow {
  const { unit, better } = base;
  const minimumEffect = minimumEffectOf(options, benchmark, unit);
  const boots = { unit, better, base: bootMeans(base), head: bootMeans(head) };
  return {
    cell,
    benchmark,
    unit,
    better,
    base: measurementOf(base),
    head: measurementOf(head),
    ...compareBoots(boots, minimumEffect, options),
    minimumEffect,
  };
}

export interface Boots {
  readonly unit: string;
  readonly better: Better;
  /** The means of the boots, in the unit. */
  readonly base: readonly number[];
  readonly head: readonly number[];
}

/** What the boots of two sides come to. */
export function compareBoots(
  { unit, better, base, head }: Boots,
  minimumEffect: number,
  options: ResolvedOptions,
): Pick<ComparedRow, 'change' | 'interval' | 'probability' | 'verdict'> {
  const { significance } = options;
  const change = meanOfUnit(unit, head) / meanOfUnit(unit, base) - 1;
  const times = [timesOf(unit, base), timesOf(unit, head)] as const;
  const interval = intervalOf(unit, times, options);
  const probability = probabilityOf(times, options);
  const verdict = verdictOf({
    better,
    boots: [base.length, head.length],
    change,
    interval,
    probability,
    significance,
    leastBoots: runsToReach(significance),
    minimumEffect,
    neededBoots:
      probability === null ? null : runsToDetect(...times, Math.log1p(minimumEffect), significance),
  });
  return { change, interval, probability, verdict };
}

/** As times: of a rate, how long one unit of work took. Their mean is then always the arithmetic one. */
function timesOf(unit: string, means: readonly number[]): readonly number[] {
  return isRate(unit) ? means.map((mean) => 1 / mean) : means;
}

type Times = readonly [base: readonly number[], head: readonly number[]];

/**
 * The larger of two: the permutation test is exact where chance alone is at work, whatever the noise looks like; Welch's
 * test holds where one side is noisier, which 5 boots against 12 take the first one's rate from 1 to 4 % by
 * (`npm run bench:validity`).
 */
function probabilityOf(times: Times, options: ResolvedOptions): number | null {
  const welch = welchTest(...times);
  return welch === null ? null : Math.max(welch, permutationTest(...times, options));
}

function intervalOf(
  unit: string,
  [base, head]: Times,
  { resamples, seed, confidence }: ResolvedOptions,
): ComparedRow['interval'] {
  const ratio = bootstrapInterval(base, head, { resamples, seed, confidence });
  if (ratio === null) return null;
  const [low, high] = isRate(unit) ? [1 / ratio[1], 1 / ratio[0]] : ratio;
  return [low - 1, high - 1];
}
