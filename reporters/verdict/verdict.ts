/**
 * What a comparison of one benchmark in one cell comes to. A regression is declared only where chance is an unlikely
 * cause (p below the significance) and the change is large enough to matter and in the bad direction: a test alone
 * finds ever smaller changes with ever more runs, and a limit alone finds noise. That nothing changed is said only
 * where a change that matters can be ruled out; all else is undecided, with what it would take to know.
 */
import { MOST_RUNS, POWER } from '../../fixtures/statistics/detectable.ts';
import type { Better } from '../benchmark-row.ts';
import type { Verdict } from './comparison.ts';

export interface Evidence {
  readonly better: Better;
  /** The number of runs on either side. */
  readonly runs: readonly [base: number, head: number];
  /** Relative, as all changes here. */
  readonly change: number;
  readonly interval: readonly [low: number, high: number] | null;
  readonly probability: number | null;
  readonly significance: number;
  /** The least p that so many runs can give. */
  readonly leastProbability: number;
  /** How many runs each side needs at least for p to be able to be below the significance. */
  readonly leastRuns: number;
  readonly minimumEffect: number;
  /** Whether the test would have found a change of the minimum effect, as a rule, at the noise that there is. */
  readonly couldSee: boolean;
  /** How many runs each side needs for that; null where no number that anyone waits for suffices, or none is known. */
  readonly neededRuns: number | null;
}

export function verdictOf(evidence: Evidence): Verdict {
  const { change, interval, probability, significance, minimumEffect } = evidence;
  const limit = percent(minimumEffect);
  const isLarge = Math.abs(change) > minimumEffect;
  if (interval !== null && interval[0] >= -minimumEffect && interval[1] <= minimumEffect) {
    return { kind: 'no change', reason: `the interval lies within ±${limit}`, neededRuns: null };
  }
  if (probability !== null && probability < significance) {
    return isLarge
      ? changed(evidence)
      : undecided(`there is a change, but whether it exceeds ${limit} is open`, evidence);
  }
  if (evidence.leastProbability >= significance) return tooFew(evidence);
  if (evidence.couldSee && !isLarge) {
    const reason = `a change of ${limit} would have been seen in ${POWER * 10} of 10 such comparisons`;
    return { kind: 'no change', reason, neededRuns: null };
  }
  return undecided(`the noise hides a change of ${limit}`, evidence);
}

function changed({ better, change, significance, minimumEffect }: Evidence): Verdict {
  const isBad = better === 'lower' ? change > 0 : change < 0;
  return {
    kind: isBad ? 'regression' : 'improvement',
    reason: `p is below ${significance} and the change exceeds ${percent(minimumEffect)}`,
    neededRuns: null,
  };
}

function tooFew({ runs: [base, head], significance, leastRuns, neededRuns }: Evidence): Verdict {
  return {
    kind: 'undecided',
    reason: `a permutation of ${base} and ${head} runs can't reach p < ${significance}: at least ${leastRuns} runs each`,
    neededRuns: Math.max(leastRuns, neededRuns ?? 0),
  };
}

function undecided(what: string, { runs: [base, head], neededRuns, minimumEffect }: Evidence): Verdict {
  if (minimumEffect === 0) {
    const why = 'no number of runs rules out the smallest change, so name a minimum effect';
    return { kind: 'undecided', reason: `${what}: ${why}`, neededRuns: null };
  }
  // An estimate that is met already promises nothing: what there is did not do.
  const runs = neededRuns === null ? null : Math.max(neededRuns, Math.min(base, head) + 1);
  const needed = runs === null ? `more than ${MOST_RUNS}` : `about ${runs}`;
  return { kind: 'undecided', reason: `${what}: ${needed} runs each at this noise`, neededRuns: runs };
}

/** `5 %`, `0.25 %`: at most three significant digits. */
export function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))} %`;
}
