/** The default options of a comparison. */
import { UNITS } from '../../fixtures/benchmarks/micro.ts';
import type { CompareOptions, ResolvedOptions } from './comparison.ts';

export const SIGNIFICANCE = 0.01;
/** Confidence of the intervals, the same as everywhere in nestbench. */
export const CONFIDENCE = 0.95;
export const MINIMUM_EFFECT = 0.05;
/**
 * For instructions counted in virtual time: boots differ by 0.3 to 0.6 % (docs/emulated-testbed.md), whatever the host
 * does.
 */
export const MINIMUM_EFFECT_IN_VIRTUAL_TIME = 0.01;
/** Between seeds, p varies by a thousandth, and the width of an interval by 1 to 2 %. */
const RESAMPLES = 9999;
const SEED = 1;
/** Draws for each p that is just significant: with fewer, chance may draw none. */
const DRAWS_AT_SIGNIFICANCE = 10;

/**
 * @throws {RangeError} for a number outside its range.
 */
export function resolveOptions({
  significance = SIGNIFICANCE,
  confidence = CONFIDENCE,
  minimumEffect = new Map<string, number>(),
  resamples = Math.max(RESAMPLES, Math.ceil(DRAWS_AT_SIGNIFICANCE / significance)),
  seed = SEED,
}: CompareOptions): ResolvedOptions {
  if (!(significance > 0 && significance < 1)) throw new RangeError(`the significance is ${significance}`);
  if (!(confidence > 0 && confidence < 1)) throw new RangeError(`the confidence is ${confidence}`);
  if (!(Number.isSafeInteger(resamples) && (resamples + 1) * significance > 1)) {
    throw new RangeError(`${resamples} resamples can't give a p below ${significance}`);
  }
  const effects = typeof minimumEffect === 'number' ? [minimumEffect] : [...minimumEffect.values()];
  const unusable = effects.find((effect) => !(effect >= 0 && Number.isFinite(effect)));
  if (unusable !== undefined) throw new RangeError(`a minimum effect is ${unusable}`);
  return { significance, confidence, minimumEffect, resamples, seed };
}

export function minimumEffectOf({ minimumEffect }: ResolvedOptions, benchmark: string, unit: string): number {
  if (typeof minimumEffect === 'number') return minimumEffect;
  const usual = unit === UNITS.virtual ? MINIMUM_EFFECT_IN_VIRTUAL_TIME : MINIMUM_EFFECT;
  return minimumEffect.get(benchmark) ?? usual;
}
