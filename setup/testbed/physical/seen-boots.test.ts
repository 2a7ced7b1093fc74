import { expect, test } from 'vitest';
import { SeenBoots } from './seen-boots.ts';

test('a machine with another boot id than before was restarted', () => {
  const seen = new SeenBoots();
  expect(seen.isKnown('l0')).toBe(false);
  expect(seen.whatHappened('l0', 'one')).toBe(undefined);
  seen.note('l0', 'one');
  expect(seen.isKnown('l0')).toBe(true);
  expect(seen.whatHappened('l0', 'one')).toBe(undefined);
  expect(seen.whatHappened('l0', 'two')).toMatch(
    /^l0 was restarted since it was lost: it lost power, crashed/,
  );
  expect(seen.whatHappened('client', 'two')).toBe(undefined);
});
