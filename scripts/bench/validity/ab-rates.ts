/**
 * How often `npm run ab`, which looks at its numbers repeatedly, gives false verdicts, and how often it finds real
 * changes.
 */
import { compareBoots } from '../../../reporters/verdict/row.ts';
import type { VerdictKind } from '../../../reporters/verdict/comparison.ts';
import {
  CONFIDENCE,
  MINIMUM_EFFECT,
  resolveOptions,
  SIGNIFICANCE,
} from '../../../reporters/verdict/compare-settings.ts';
import { looksOf } from '../../ab/ab-plan.ts';
import type { Random, Simulation } from './simulation.ts';

/** A fifth of the default. p and interval stay valid, but are coarser. */
const RESAMPLES = 1999;
const ROUNDS = 12;
const LOOKS = looksOf(ROUNDS, SIGNIFICANCE);
/** The largest common spread of boots on the emulated testbed. */
const SPREAD = 0.02;

/** The verdict of the first look that closes with one. */
function verdictOf(random: Random, change: number): VerdictKind {
  const draw = (mean: number): number[] =>
    Array.from({ length: ROUNDS }, () => mean * (1 + SPREAD * random.normal()));
  const [base, head] = [draw(1), draw(1 + change)];
  const seed = Math.floor(random.uniform() * 2 ** 31);
  for (const { afterRound, significance, confidence } of LOOKS) {
    const boots = { base: base.slice(0, afterRound), head: head.slice(0, afterRound) };
    const { verdict } = compareBoots(
      { unit: 's', better: 'lower', ...boots },
      MINIMUM_EFFECT,
      resolveOptions({ significance, confidence, resamples: RESAMPLES, seed }),
    );
    if (verdict.kind !== 'undecided') return verdict.kind;
  }
  return 'undecided';
}

function line(
  printedAs: 'regression' | 'no change',
  change: number,
  rate: Pick<Simulation, 'nominal' | 'bound'>,
): Simulation {
  const truth = change === 0 ? 'no change' : `true +${change * 100} %`;
  return {
    printedAs: `ab: ${printedAs}`,
    when: `${truth}; ${LOOKS.length} looks, sd ${SPREAD * 100} %`,
    ...rate,
    oneOf: 2,
    trial: (random) => verdictOf(random, change) === printedAs,
  };
}

export const abVerdicts: readonly Simulation[] = [
  line('regression', 0, { nominal: SIGNIFICANCE / 2, bound: 'at most' }),
  line('no change', 0.05, { nominal: (1 - CONFIDENCE) / 2, bound: 'at most' }),
  line('regression', 0.1, { nominal: 0.9, bound: 'at least' }),
  line('no change', 0, { nominal: 0.9, bound: 'at least' }),
];
