import { expect, test } from 'vitest';
import { correlationOf } from './correlation.ts';
import { normals } from '../../fixtures/statistics/normals.ts';

/** An autoregressive series with a deviation of 1. */
function series(count: number, share: number, seed: number, levelOf: (index: number) => number = () => 0) {
  const normal = normals(seed);
  let deviation = normal();
  return Array.from({ length: count }, (_, index) => {
    const value = levelOf(index) + deviation;
    deviation = share * deviation + Math.sqrt(1 - share ** 2) * normal();
    return value;
  });
}

test.each([
  ['', () => 0],
  [', with a step of five deviations', (index: number) => (index < 10_000 ? 0 : 5)],
  [', with a drift of five deviations', (index: number) => index / 4000],
] as const)('of a long series it is what the series was made with%s', (_, levelOf) => {
  for (const share of [0, 0.3, 0.6, 0.8]) {
    expect(Math.abs(correlationOf(series(20_000, share, 3, levelOf)) - share)).toBeLessThan(0.04);
  }
});

test('with few values it is too large rather than too small', () => {
  const found = Array.from({ length: 200 }, (_, seed) => correlationOf(series(40, 0.3, seed + 1)));
  expect(found.filter((share) => share < 0.3).length).toBeLessThan(50);
});

test('values that do not vary, or are too few, have none', () => {
  expect(correlationOf([2, 2, 2, 2])).toBe(0);
  expect(correlationOf([])).toBe(0);
  expect(correlationOf([1])).toBe(0);
});
