import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { momentsOf } from '../../fixtures/statistics/moments.ts';
import { syntheticSeries } from './synthetic-series.ts';

const all = syntheticSeries(0.02, 40);
const SERIES = 2000;

test.each(all.map((source) => [source.name, source] as const))(
  '%s: complete runs have their stated mean',
  (_name, { mean, start }) => {
    const random = xoroshiro128plus(3);
    const means = Array.from(
      { length: SERIES },
      () => momentsOf(Array.from({ length: 40 }, start(random))).mean,
    );
    const found = momentsOf(means);
    // Four standard errors: one of 15,000 falls outside by chance.
    expect(Math.abs(found.mean - mean)).toBeLessThan((4 * found.deviation) / Math.sqrt(SERIES) + 1e-12);
  },
);

test.each(['normal', 'lognormal'])('%s series spread as the target asks for', (kind) => {
  const source = all.find(({ name }) => name === `${kind}, 25 would do`);
  if (source === undefined) throw new Error('no such series');
  const next = source.start(xoroshiro128plus(3));
  const { deviation } = momentsOf(Array.from({ length: 50_000 }, next));
  // 1.96 * 5.1 % / sqrt(25) is 2 %.
  expect(deviation).toBeCloseTo(0.051, 3);
});

test('autocorrelated samples resemble their predecessor', () => {
  const source = all.find(({ name }) => name === 'autocorrelated: 0.7');
  if (source === undefined) throw new Error('no such series');
  const values = Array.from({ length: 50_000 }, source.start(xoroshiro128plus(3)));
  const { mean, deviation } = momentsOf(values);
  const products = values.slice(1).map((value, index) => (value - mean) * ((values[index] ?? NaN) - mean));
  expect(momentsOf(products).mean / deviation ** 2).toBeCloseTo(0.7, 1);
});

test('one seed gives one series', () => {
  for (const { start } of all) {
    const [one, other] = [1, 1].map((seed) => Array.from({ length: 10 }, start(xoroshiro128plus(seed))));
    expect(one).toEqual(other);
  }
});

/** How many series of a kind must hold. */
function of(target: number, kind: string): number {
  return syntheticSeries(target, 40).filter(({ name, mustHold }) => mustHold && name.startsWith(`${kind}, `))
    .length;
}

test('what must hold is nearly normal: a wider target has fewer lognormal series, and as many normal ones', () => {
  expect(of(0.1, 'lognormal')).toBeLessThan(of(0.02, 'lognormal'));
  expect(of(0.1, 'normal')).toBe(of(0.02, 'normal'));
  expect(all.filter(({ mustHold }) => !mustHold).map(({ name }) => name.split(':')[0])).toEqual([
    'skewed',
    'outliers',
    'bimodal',
    'rare mode',
    'drift',
    'drift',
    'autocorrelated',
    'autocorrelated',
  ]);
});
