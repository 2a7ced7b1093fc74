/** Noise with mean 0 and standard deviation 1. */
import type { Random } from './simulation.ts';

export type Noise = (random: Random) => number;

export const normal: Noise = ({ normal: next }) => next();
/** Exponential: a minimum time with a tail above it. */
export const skewed: Noise = ({ uniform }) => -Math.log(1 - uniform()) - 1;
/** Three of ten boots are slow. */
export const twoHumped: Noise = ({ uniform }) => (uniform() < 0.3 ? 0.7 : -0.3) / Math.sqrt(0.3 * 0.7);

/** A statement about intervals over boots with the last two kinds of noise: Student's t assumes normal noise. */
export const LIMIT_OF_FEW_BOOTS =
  'intervals over a few boots (a ± b, whiskers) hold at their rate if boots scatter about normally; less often if the scatter is skewed, or some boots are slow, which that few may not show';

/** A positive factor with mean 1 and the given standard deviation: lognormal, and nearly normal if that is small. */
export function factor(deviation: number, { normal: next }: Random): number {
  const variance = Math.log1p(deviation ** 2);
  return Math.exp(Math.sqrt(variance) * next() - variance / 2);
}
