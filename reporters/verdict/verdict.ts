/**
 * What a comparison of one benchmark in one cell comes to. A regression is declared only where chance is an unlikely
 * cause (p below the significance, and an interval without 0 in it) and the change is large enough to matter and in the
 * bad direction: a test alone finds ever smaller changes with ever more boots, and a limit alone finds noise. That nothing
 * changed is said only where the interval rules out a change that matters (two one-sided tests: D. J. Schuirmann, Journal
 * of Pharmacokinetics and Biopharmaceutics 15(6), 1987); all else is undecided, with what it would take to know.
 */
import { MOST_RUNS } from '../statistics/detectable.ts';
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
  /** How many boots each side needs at least to declare anything: so many that p can be below the significance. */
  readonly leastBoots: number;
  readonly minimumEffect: number;
  /**
   * How many boots each side needs to find a change of the minimum effect, as a rule, at the noise that there is; null
   * where no number that anyone waits for suffices, or none is known.
   */
  readonly neededBoots: number | null;
}

export function verdictOf(evidence: Evidence): Verdict {
  const { boots, change, interval, probability, significance, leastBoots, minimumEffect } = evidence;
  const limit = percent(minimumEffect);
  if (interval === null) return tooFew(evidence);
  const [low, high] = interval;
  if (low >= -minimumEffect && high <= minimumEffect) {
    return { kind: 'no change', reason: `the interval lies within ±${limit}`, neededBoots: null };
  }
  if (probability === null || Math.min(...boots) < leastBoots) return tooFew(evidence);
  const isChange = probability < significance && (low > 0 || high < 0);
  if (!isChange) return undecided(`the noise hides a change of ${limit}`, evidence);
  return Math.abs(change) > minimumEffect
    ? changed(evidence)
    : undecided(`there is a change, but whether it exceeds ${limit} is open`, evidence);
}

function changed({ better, change, significance, minimumEffect }: Evidence): Verdict {
  const isBad = better === 'lower' ? change > 0 : change < 0;
  return {
    kind: isBad ? 'regression' : 'improvement',
    reason: `p is below ${significance} and the change exceeds ${percent(minimumEffect)}`,
    neededBoots: null,
  };
}

function tooFew({ boots: [base, head], significance, leastBoots, neededBoots }: Evidence): Verdict {
  return {
    kind: 'undecided',
    reason: `${base} and ${head} boots can't show p < ${significance}: at least ${leastBoots} boots each`,
    neededBoots: Math.max(leastBoots, neededBoots ?? 0),
  };
}

function undecided(what: string, { boots: [base, head], neededBoots, minimumEffect }: Evidence): Verdict {
  if (minimumEffect === 0) {
    const why = 'no number of boots rules out the smallest change, so name a minimum effect';
    return { kind: 'undecided', reason: `${what}: ${why}`, neededBoots: null };
  }
  // An estimate that is met already promises nothing: what there is did not do.
  const boots = neededBoots === null ? null : Math.max(neededBoots, Math.min(base, head) + 1);
  const needed = boots === null ? `more than ${MOST_RUNS}` : `about ${boots}`;
  return { kind: 'undecided', reason: `${what}: ${needed} boots each at this noise`, neededBoots: boots };
}

/** `5 %`, `0.25 %`: at most three significant digits. */
export function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))} %`;
}
