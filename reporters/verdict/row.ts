/** Compares one benchmark in one cell between two experiments. */
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

/** Everything that does not depend on the other rows. */
export type UnadjustedRow = Omit<ComparedRow, 'adjusted'>;

/** Compares what both sides measured. Unit and direction must be the same on both. */
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
    minBoots: runsToReach(significance),
    minimumEffect,
    neededBoots:
      probability === null ? null : runsToDetect(...times, Math.log1p(minimumEffect), significance),
  });
  return { change, interval, probability, verdict };
}

/** Converts to times; a rate becomes the time for one unit of work. So the mean is always arithmetic. */
function timesOf(unit: string, means: readonly number[]): readonly number[] {
  return isRate(unit) ? means.map((mean) => 1 / mean) : means;
}

type Times = readonly [base: readonly number[], head: readonly number[]];

/**
 * The larger of two. The permutation test is exact if only chance is at work, whatever the noise. Welch's test holds if
 * one side is noisier, where the false alarm rate of the permutation test rises from 1 to 4 % with 5 boots against 12
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
