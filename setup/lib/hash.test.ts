import { assert, jsonValue, property, string, tuple, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, hashOf } from './hash.ts';

const members = uniqueArray(tuple(string(), jsonValue()), { selector: ([key]) => key });

test('the order of keys does not matter', () => {
  assert(
    property(members, (entries) => {
      expect(hashOf(Object.fromEntries(entries))).toBe(hashOf(Object.fromEntries(entries.toReversed())));
    }),
  );
});

test('canonical JSON is JSON of the same value', () => {
  assert(
    property(jsonValue(), (value) => {
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
