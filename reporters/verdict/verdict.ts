/**
 * The verdict of a comparison of one benchmark in one cell. A regression is declared only if chance is an unlikely
 * cause (p below the significance, and an interval without 0) and the change is bad and large enough to matter: a test
 * alone finds ever smaller changes with ever more boots, and a limit alone finds noise. "No change" is declared only if
 * the interval rules out a change that matters (two one-sided tests: D. J. Schuirmann, Journal of Pharmacokinetics and
 * Biopharmaceutics 15(6), 1987). Everything else is undecided, with what a decision would take.
 */
import { MAX_RUNS } from '../statistics/detectable.ts';
import type { Better } from '../model/benchmark-row.ts';
import type { Verdict } from './comparison.ts';

export interface Evidence {
  readonly better: Better;
  /** The number of boots on either side. */
  readonly boots: readonly [base: number, head: number];
  /** Relative, as all changes here. */
  readonly change: number;
  readonly interval: readonly [low: number, high: number] | null;
  readonly probability: number | null;
  readonly significance: number;
  /** The minimum number of boots per side with which p can be below the significance. */
  readonly minBoots: number;
  readonly minimumEffect: number;
  /**
   * How many boots each side typically needs at this noise to find a change of the minimum effect; null if no practical
   * number suffices, or if unknown.
   */
  readonly neededBoots: number | null;
}

export function verdictOf(evidence: Evidence): Verdict {
  const { boots, change, interval, probability, significance, minBoots, minimumEffect } = evidence;
  const limit = percent(minimumEffect);
  if (interval === null) return tooFew(evidence);
  const [low, high] = interval;
  if (low >= -minimumEffect && high <= minimumEffect) {
    return { kind: 'no change', reason: `the interval lies within ±${limit}`, neededBoots: null };
  }
  if (probability === null || Math.min(...boots) < minBoots) return tooFew(evidence);
  const isChange = probability < significance && (low > 0 || high < 0);
  if (!isChange) return undecided(`the noise hides a change of ${limit}`, evidence);
  return Math.abs(change) > minimumEffect
    ? changed(evidence)
    : undecided(`there is a change, but it may not exceed ${limit}`, evidence);
}

function changed({ better, change, significance, minimumEffect }: Evidence): Verdict {
  const isBad = better === 'lower' ? change > 0 : change < 0;
  return {
    kind: isBad ? 'regression' : 'improvement',
    reason: `p is below ${significance} and the change exceeds ${percent(minimumEffect)}`,
    neededBoots: null,
  };
}

function tooFew({ boots: [base, head], significance, minBoots, neededBoots }: Evidence): Verdict {
  return {
    kind: 'undecided',
    reason: `${base} and ${head} boots can't reach p < ${significance}: at least ${minBoots} boots each`,
    neededBoots: Math.max(minBoots, neededBoots ?? 0),
  };
}

function undecided(what: string, { boots: [base, head], neededBoots, minimumEffect }: Evidence): Verdict {
  if (minimumEffect === 0) {
    const why = 'no number of boots rules out the smallest change, so set a minimum effect';
    return { kind: 'undecided', reason: `${what}: ${why}`, neededBoots: null };
  }
  // The existing boots were not enough, so an estimate must exceed them.
  const boots = neededBoots === null ? null : Math.max(neededBoots, Math.min(base, head) + 1);
  const needed = boots === null ? `more than ${MAX_RUNS}` : `about ${boots}`;
  return { kind: 'undecided', reason: `${what}: ${needed} boots each at this noise`, neededBoots: boots };
}

/** `5 %`, `0.25 %`: at most three significant digits. */
export function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))} %`;
}
