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
  expect(told).toBeGreaterThan(19_900);
});

test('so are the shortest digits of a double, and those beside the middle of two', () => {
  const double = fc.double({ min: 1e-3, max: 1e15, noNaN: true });
  fc.assert(
    fc.property(double, fc.integer({ min: -2, max: 2 }), (number, off) => {
      const [whole = '', part = ''] = number.toFixed(6).split('.');
      // The next double's middle, to the last digit that 22 decimals and 30 digits have room for.
      const near = String(BigInt(whole + part) + BigInt(off));
      expect([Number.NaN, parsed(near, 6)]).toContain(read(near, 6));
    }),
    { numRuns: 20_000 },
  );
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
