import { arch } from 'node:os';
import { expect, test } from 'vitest';
import { measureTscKhz, parseTscKhz } from './tsc.ts';

test.skipIf(arch() !== 'x64')('the rate is the same each time it is measured', async () => {
  const { signal } = new AbortController();
  const first = await measureTscKhz(signal);
  const second = await measureTscKhz(signal);
  expect(first).toBeGreaterThan(0);
  // Rounding may go either way.
  expect(Math.abs(Number(first) - Number(second))).toBeLessThanOrEqual(100);
});

test('a rate is rounded to 100 kHz', () => {
  expect(parseTscKhz('2596109\n')).toBe(2_596_100);
});

test.each(['', 'nan', '0', '-5', '99999999999', 'inf'])('"%s" is not a rate', (text) => {
  expect(() => parseTscKhz(text)).toThrow(/which no TSC has/);
});
