import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, hashOf, type Inputs } from './hash.ts';

const inputs = fc.jsonValue().map((value) => value as Inputs);
const members = fc.uniqueArray(fc.tuple(fc.string(), inputs), { selector: ([key]) => key });

test('the order of keys does not matter', () => {
  fc.assert(
    fc.property(members, (entries) => {
      expect(hashOf(Object.fromEntries(entries))).toBe(hashOf(Object.fromEntries(entries.toReversed())));
    }),
  );
});

test('canonical JSON is JSON of the same value', () => {
  fc.assert(
    fc.property(inputs, (value) => {
      // JSON has no negative zero; JSON.stringify writes it as 0.
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the order of a list and the kind of a value matter', () => {
  expect(hashOf(['a', 'b'])).not.toBe(hashOf(['b', 'a']));
  expect(hashOf('1')).not.toBe(hashOf(1));
  expect(hashOf({ a: null })).not.toBe(hashOf({}));
});
