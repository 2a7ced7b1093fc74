import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMean, formatOverhead } from './numbers.ts';

test.each([
  [12.551_23, 0.2113, '12.55', '0.21'],
  [0.103, 0.008_96, '0.1030', '0.0090'],
  [8141.07, 133.7, '8141', '134'],
  [941.3133, 0.3512, '941.31', '0.35'],
  [214_747.3, 3602.2, '214747', '3602'],
  [9e9, 1.2e7, '9000000000', '12000000'],
  [1e-6, 2e-8, '0.000001000', '0.000000020'],
  // Two samples far apart: the mean keeps three digits, however wide its interval.
  [1.234, 15.2, '1.23', '15.20'],
  [3.7, 0, '3.700', '0.000'],
])('%d ± %d', (mean, halfWidth, first, second) => {
  expect(formatMean({ mean, halfWidth })).toEqual({ mean: first, halfWidth: second });
});

test.each([
  [380.1, '380.1'],
  [0.103, '0.1030'],
  [20_081.91, '20082'],
])('%d alone', (mean, text) => {
  expect(formatMean({ mean, halfWidth: null })).toEqual({ mean: text, halfWidth: null });
});

test('what is printed is the number, to within its third digit', () => {
  const number = fc.double({ min: 1e-6, max: 9e9, noNaN: true });
  fc.assert(
    fc.property(number, fc.option(number), (mean, halfWidth) => {
      const printed = Number(formatMean({ mean, halfWidth }).mean);
      expect(Math.abs(printed - mean) / mean).toBeLessThan(0.01);
    }),
  );
});

test.each([
  [1, '1.0x'],
  [2.34, '2.3x'],
  [78.61, '78.6x'],
  [0.951, '1.0x'],
  [0.5, '0.50x'],
  [0.041, '0.041x'],
  [244.43, '244.4x'],
])('an overhead of %d reads %s', (overhead, text) => {
  expect(formatOverhead(overhead)).toBe(text);
});
