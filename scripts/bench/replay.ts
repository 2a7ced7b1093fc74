/** Replays a stop rule on complete series. Pure. */
import { momentsOf } from '../../fixtures/statistics/moments.ts';
import { standing, type StopRule } from '../../fixtures/statistics/stop-rule.ts';
import { criticalValue } from '../../fixtures/statistics/student.ts';

/** The results of many series, under one way to end them. */
export interface Tally {
  readonly series: number;
  /** Samples taken, on average over the series. */
  readonly samples: number;
  /** Half-width of the interval as a share of the mean, averaged likewise. */
  readonly halfWidth: number;
  /** How often the interval held the true mean, as a share of the series. */
  readonly held: number;
}

export interface Ending {
  readonly takes: (values: readonly number[]) => number;
  readonly intervalOf: (taken: readonly number[]) => Interval;
}

export interface Interval {
  readonly mean: number;
  readonly halfWidth: number;
}

/** Ends by the rule, with an interval at the given nominal confidence. */
export function byRule(rule: StopRule, confidence: number): Ending {
  return {
    takes: (values) => {
      let taken = 0;
      for (;;) {
        const now = standing(rule, values.slice(0, taken), taken);
        if (now.state === 'ended') return taken;
        taken = Math.min(values.length, taken + now.certain);
        if (taken === values.length) return taken;
      }
    },
    intervalOf: (taken) => studentInterval(taken, confidence),
  };
}

/**
 * Stein's two stages (stop-rule.ts): the first samples' standard deviation determines the number of samples, and is
 * also that of the interval.
 */
export function byTwoStages(first: number, target: number, max: number, confidence: number): Ending {
  const critical = criticalValue(first - 1, confidence);
  return {
    takes: (values) => {
      const { mean, deviation } = momentsOf(values.slice(0, first));
      const needed = Math.ceil(((critical * deviation) / (target * mean)) ** 2);
      return Math.min(max, values.length, Math.max(first, needed));
    },
    intervalOf: (taken) => {
      const { deviation } = momentsOf(taken.slice(0, first));
      return { mean: momentsOf(taken).mean, halfWidth: (critical * deviation) / Math.sqrt(taken.length) };
    },
  };
}

/** Ends every run of each series separately, and checks the interval of all samples of the series. */
export function tally(
  series: Iterable<readonly (readonly number[])[]>,
  { takes, intervalOf }: Ending,
  trueMean: number,
): Tally {
  let [count, samples, halfWidths, held] = [0, 0, 0, 0];
  for (const runs of series) {
    const taken = runs.flatMap((values) => values.slice(0, takes(values)));
    const { mean, halfWidth } = intervalOf(taken);
    count += 1;
    samples += taken.length / runs.length;
    halfWidths += halfWidth / mean;
    if (Math.abs(mean - trueMean) <= halfWidth) held += 1;
  }
  return { series: count, samples: samples / count, halfWidth: halfWidths / count, held: held / count };
}

function studentInterval(values: readonly number[], confidence: number): Interval {
  const { mean, deviation } = momentsOf(values);
  const critical = criticalValue(values.length - 1, confidence);
  return { mean, halfWidth: (critical * deviation) / Math.sqrt(values.length) };
}
