import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimal, HIGH_DIGITS } from './decimal.ts';

/** Digits as a reader takes them, one by one: the first into `high`, the others into `low`. */
function read(digits: string, decimals: number): number {
  const [first, others] = [digits.slice(0, HIGH_DIGITS), digits.slice(HIGH_DIGITS)];
  return decimal(Number(first), Number(others), others.length, decimals);
}

function parsed(digits: string, decimals: number): number {
  return Number(`${digits}e-${decimals}`);
}

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.nat(9).map(String), minLength, maxLength });

test('digits are the double that JSON.parse makes of them', () => {
  let told = 0;
  fc.assert(
    fc.property(digits(1, 30), fc.nat(22), (text, decimals) => {
      const number = read(text, decimals);
      if (Number.isNaN(number)) return;
      told += 1;
      expect(number).toBe(parsed(text, decimals));
    }),
    { numRuns: 20_000 },
  );
  expect(told).toBeGreaterThan(19_000);
});

test('so are the digits that JSON.stringify writes of a double, unless they are a middle themselves', () => {
  let told = 0;
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e21, noNaN: true, maxExcluded: true }), (number) => {
      const [whole = '', part = ''] = JSON.stringify(number).split('.');
      const its = read(whole + part, part.length);
      if (Number.isNaN(its)) return;
      told += 1;
      expect(its).toBe(number);
    }),
    { numRuns: 20_000 },
  );
  expect(told).toBeGreaterThan(19_000);
});

test('beside the middle of two doubles it is the nearer one, or not told', () => {
  let told = 0;
  fc.assert(
    fc.property(fc.bigInt(2n ** 52n, 2n ** 53n - 1n), fc.integer({ min: -1, max: 1 }), (mantissa, off) => {
      // The middle of mantissa / 2^7 and its successor, which is (2 * mantissa + 1) / 2^8, with eight decimals.
      const text = String(((2n * mantissa + 1n) * 10n ** 8n) / 2n ** 8n + BigInt(off));
      const number = read(text, 8);
      if (Number.isNaN(number)) return;
      told += 1;
      expect(number).toBe(parsed(text, 8));
    }),
    { numRuns: 20_000 },
  );
  // All but the middles themselves, which fast-check draws more often than one time in three.
  expect(told).toBeGreaterThan(10_000);
});

test('the middle of two doubles is not told, and what is right beside it is', () => {
  // 2^53 + 1 lies between 2^53 and 2^53 + 2.
  expect(read('9007199254740993', 0)).toBe(Number.NaN);
  expect(read('90071992547409930000001', 7)).toBe(9_007_199_254_740_994);
  expect(read('90071992547409929999999', 7)).toBe(9_007_199_254_740_992);
});

test('more digits, and more of them behind the point, than it can do are not told', () => {
  expect(read('1'.repeat(31), 0)).toBe(Number.NaN);
  expect(read('1'.repeat(17), 23)).toBe(Number.NaN);
});
