import path from 'node:path';
import { expect, test } from 'vitest';
import { checkoutFault } from './checkout-path.ts';

test.each(['a#b', 'a?b', 'a%b', 'a%20b', 'a\\b', 'a\nb'])('%j is reported', (name) => {
  expect(checkoutFault(path.join('/home', name))).toContain('Vite does not start');
});

test.each(['a b', "a'b", 'a"b', 'a$b', 'aé', 'a*b', 'a[b]', '@a+b', 'a;b&c'])('%j is fine', (name) => {
  expect(checkoutFault(path.join('/home', name))).toBeUndefined();
});
