/**
 * When an A/B looks at its numbers, and how sure it has to be at each look. Pure.
 *
 * Each look is a chance to be misled by chance, so the looks share the significance of the whole: of what the spending
 * function of K. K. G. Lan and D. L. DeMets ("Discrete sequential boundaries for clinical trials", Biometrika 70(3),
 * 1983) that resembles Pocock's boundary, alpha ln(1 + (e - 1) t), has spent at a look, the look's own level is the
 * part that is new. By the union bound the levels' sum, the whole significance, then holds whatever the dependence
 * between looks, at the cost of some power against exact boundaries. So do the looks' intervals, which "no change" goes by
 * (C. Jennison and B. W. Turnbull, "Interim analyses: the repeated confidence interval approach", Journal of the Royal
 * Statistical Society B 51(3), 1989).
 */
import { runsToReach } from '../../reporters/statistics/permutation.ts';
import type { Look } from '../../reporters/verdict/comparison.ts';
import { CONFIDENCE } from '../../reporters/verdict/compare-settings.ts';

/** Rounds between two looks. */
const EACH = 2;

/** The looks of an A/B of at most `rounds` rounds; none where even all of them could show nothing. */
export function looksOf(rounds: number, significance: number): Look[] {
  const spent = (round: number): number => significance * Math.log(1 + (Math.E - 1) * (round / rounds));
  const looks: Look[] = [];
  let before = 0;
  for (let round = rounds % EACH === 0 ? EACH : 1; round <= rounds; round += EACH) {
    const level = readable(spent(round) - before);
    // As long as not even the rarest arrangement of so many runs is that rare, nothing is looked at, nor spent.
    if (runsToReach(level) > round) continue;
    // "No change" has an error budget of its own, what the intervals may miss, and spends the same part of it.
    const confidence = 1 - (1 - CONFIDENCE) * (level / significance);
    looks.push({ afterRound: round, significance: level, confidence });
    before = spent(round);
  }
  return looks;
}

/** Down to two digits, as people read it: 0.0062. */
function readable(level: number): number {
  const digit = 10 ** (Math.floor(Math.log10(level)) - 1);
  return Number((Math.floor(level / digit) * digit).toPrecision(2));
}

/** Who goes first changes with the round, so that what drifts on the host meets both alike. */
export function orderOf(round: number): readonly ['base', 'head'] | readonly ['head', 'base'] {
  return round % 2 === 1 ? ['base', 'head'] : ['head', 'base'];
}
