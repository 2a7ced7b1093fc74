/**
 * What a comparison of one benchmark in one cell comes to. A regression is declared only where chance is an unlikely
 * cause (p below the significance) and the change is large enough to matter and in the bad direction: a test alone
 * finds ever smaller changes with ever more runs, and a limit alone finds noise. That nothing changed is said only
 * where a change that matters can be ruled out; all else is undecided, with what it would take to know.
 */
import { MOST_RUNS, POWER } from '../../fixtures/statistics/detectable.ts';
import type { Better } from '../results.ts';
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
    return { kind: 'no change', reason: `the interval lies within ±${limit}` };
  }
  if (probability !== null && probability < significance) {
    if (isLarge) return changed(evidence);
    return {
      kind: 'undecided',
      reason: `there is a change, but whether it exceeds ${limit} is open: ${needed(evidence)}`,
    };
  }
  if (evidence.leastProbability >= significance) return { kind: 'undecided', reason: tooFew(evidence) };
  if (evidence.couldSee && !isLarge) {
    return {
      kind: 'no change',
      reason: `a change of ${limit} would have been seen in ${POWER * 10} of 10 such comparisons`,
    };
  }
  return { kind: 'undecided', reason: `the noise hides a change of ${limit}: ${needed(evidence)}` };
}

function changed({ better, change, significance, minimumEffect }: Evidence): Verdict {
  const isBad = better === 'lower' ? change > 0 : change < 0;
  return {
    kind: isBad ? 'regression' : 'improvement',
    reason: `p is below ${significance} and the change exceeds ${percent(minimumEffect)}`,
  };
}

function tooFew({ runs: [base, head], significance, leastRuns }: Evidence): string {
  return `a permutation of ${base} and ${head} runs can't reach p < ${significance}: at least ${leastRuns} runs each`;
}

function needed({ runs: [base, head], neededRuns, minimumEffect }: Evidence): string {
  if (minimumEffect === 0) return 'no number of runs rules out the smallest change; name a minimum effect';
  if (neededRuns === null) return `more than ${MOST_RUNS} runs each at this noise`;
  // An estimate that is met already promises nothing: what there is did not do.
  return `about ${Math.max(neededRuns, Math.min(base, head) + 1)} runs each at this noise`;
}

/** `5 %`, `0.25 %`: at most three significant digits. */
export function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))} %`;
}
