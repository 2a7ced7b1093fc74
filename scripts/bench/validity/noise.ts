/** Noise of mean 0 and standard deviation 1. */
import type { Random } from './simulation.ts';

export type Noise = (random: Random) => number;

export const normal: Noise = ({ normal: next }) => next();
/** Exponential: the least that boots take, and a tail above. */
export const skewed: Noise = ({ uniform }) => -Math.log(1 - uniform()) - 1;
/** Three of ten boots are slow ones. */
export const twoHumped: Noise = ({ uniform }) => (uniform() < 0.3 ? 0.7 : -0.3) / Math.sqrt(0.3 * 0.7);

/** What intervals over boots say of the last two: Student's t takes noise for normal. */
export const LIMIT_OF_FEW_BOOTS =
  'intervals over a few boots (a ± b, whiskers) hold at their rate where boots scatter about normally; less often where the scatter is skewed, or some boots are slow, which so few may not show';

/** A positive factor of mean 1 and the given standard deviation: lognormal, near normal where that is small. */
export function factor(deviation: number, { normal: next }: Random): number {
  const variance = Math.log1p(deviation ** 2);
  return Math.exp(Math.sqrt(variance) * next() - variance / 2);
}
