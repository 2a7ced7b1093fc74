/**
 * When an A/B looks at its numbers, and at which level. Pure.
 *
 * Each look is another chance of a false alarm, so the looks share the significance of the whole. The spending function
 * of K. K. G. Lan and D. L. DeMets ("Discrete sequential boundaries for clinical trials", Biometrika 70(3), 1983) that
 * resembles Pocock's boundary, alpha ln(1 + (e - 1) t), gives what is spent up to a look; the look's own level is the
 * difference to the look before. By the union bound the sum of the levels, the significance of the whole, holds
 * whatever the dependence between looks, at the cost of some power against exact boundaries. The same is true of the
 * looks' intervals, which "no change" depends on (C. Jennison and B. W. Turnbull, "Interim analyses: the repeated
 * confidence interval approach", Journal of the Royal Statistical Society B 51(3), 1989).
 */
import { runsToReach } from '../../reporters/statistics/permutation.ts';
import type { Look } from '../../reporters/verdict/comparison.ts';
import { CONFIDENCE } from '../../reporters/verdict/compare-settings.ts';

/** Rounds between two looks. */
const EACH = 2;

/** The looks of an A/B of at most `rounds` rounds; none if even all of them could show nothing. */
export function looksOf(rounds: number, significance: number): Look[] {
  const spent = (round: number): number => significance * Math.log(1 + (Math.E - 1) * (round / rounds));
  const looks: Look[] = [];
  let before = 0;
  for (let round = rounds % EACH === 0 ? EACH : 1; round <= rounds; round += EACH) {
    const level = readable(spent(round) - before);
    // While even the most extreme arrangement of that many runs could not reach the level, there is no look, and
    // nothing is spent.
    if (runsToReach(level) > round) continue;
    // "No change" has its own error budget, what the intervals may miss, and spends the same share of it.
    const confidence = 1 - (1 - CONFIDENCE) * (level / significance);
    looks.push({ afterRound: round, significance: level, confidence });
    before = spent(round);
  }
  return looks;
}

/** Rounds down to two digits, for legibility: 0.0062. */
function readable(level: number): number {
  const digit = 10 ** (Math.floor(Math.log10(level)) - 1);
  return Number((Math.floor(level / digit) * digit).toPrecision(2));
}

/** The side that goes first alternates, so that drift on the host affects both alike. */
export function orderOf(round: number): readonly ['base', 'head'] | readonly ['head', 'base'] {
  return round % 2 === 1 ? ['base', 'head'] : ['head', 'base'];
}
