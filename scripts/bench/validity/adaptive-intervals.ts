/** How often the interval of a run that PROFILE=adaptive ended holds the true mean. */
import { byRule } from '../replay.ts';
import { SEQUENTIAL_CONFIDENCE, untilNarrow } from '../../../fixtures/statistics/stop-rule.ts';
import { ADAPTIVE_LIMIT } from '../../../reporters/terminal/stopping-lines.ts';
import type { Random, Simulation } from './simulation.ts';

const MAX_SAMPLES = 40;
const TARGET = 0.02;
/** With it, ten independent samples are as narrow as the target: 1.96 * 3.2 % / sqrt(10). */
const SPREAD = 0.032;

/** Samples with mean 1. */
type Samples = (random: Random) => number[];

function line(when: string, samples: Samples, limitRate?: number): Simulation {
  const { takes, intervalOf } = byRule(untilNarrow(TARGET, MAX_SAMPLES), SEQUENTIAL_CONFIDENCE);
  return {
    printedAs: 'a ± b, adaptive',
    when,
    nominal: 0.95,
    bound: 'at least',
    ...(limitRate === undefined ? {} : { limit: { text: ADAPTIVE_LIMIT, rate: limitRate } }),
    oneOf: 2,
    trial: (random) => {
      const values = samples(random);
      const { mean, halfWidth } = intervalOf(values.slice(0, takes(values)));
      return Math.abs(mean - 1) <= halfWidth;
    },
  };
}

function independent({ normal }: Random): number[] {
  return Array.from({ length: MAX_SAMPLES }, () => 1 + SPREAD * normal());
}

function correlated(share: number): Samples {
  return ({ normal }) => {
    let deviation = normal();
    return Array.from({ length: MAX_SAMPLES }, () => {
      const value = 1 + SPREAD * deviation;
      deviation = share * deviation + Math.sqrt(1 - share ** 2) * normal();
      return value;
    });
  };
}

/** One sample in 20 takes three times as long. */
function withOutliers({ normal, uniform }: Random): number[] {
  const mean = 0.95 + 0.05 * 3;
  return Array.from(
    { length: MAX_SAMPLES },
    () => ((uniform() < 0.05 ? 3 : 1) * (1 + SPREAD * normal())) / mean,
  );
}

export const adaptiveIntervals: readonly Simulation[] = [
  line('independent, where 10 samples would do', independent),
  line('correlated 0.3', correlated(0.3), 0.88),
  line('correlated 0.6', correlated(0.6), 0.69),
  line('one in 20 takes three times as long', withOutliers, 0.51),
];
