import { expect, test } from 'vitest';
import { inBytes } from './bytes.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1023, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [99.96 * 1024, '100 KiB'],
  [1023.9 * 1024, '1.0 MiB'],
  [88_940_544, '84.8 MiB'],
  [3 * 1024 ** 3, '3.0 GiB'],
  [5000 * 1024 ** 4, '5000 TiB'],
])('%d is %s', (bytes, words) => {
  expect(inBytes(bytes)).toBe(words);
});
