import { expect, test } from 'vitest';
import { DVH_OFF } from '../../fixtures/configurations/configuration.ts';
import { mechanismsOn } from './mechanisms-on.ts';

/** A level that runs guests, with this mask. */
function above(dvhMask?: number) {
  return { plan: { runsGuests: true }, facts: { dvhMask } };
}

const LAST = { plan: { runsGuests: false }, facts: {} };

test.each([
  ['all that every level has on', [above(3), above(3), LAST], true, ['timer', 'ipi', 'idle']],
  ['not what one of them has off', [above(3), above(1), LAST], false, ['timer']],
  ['nothing if one of them lacks it', [above(3), above(), LAST], false, []],
  ['virtual idle alone, with stock software', [above(0), above(0), LAST], true, ['idle']],
  ['nothing at L1, which is not nested', [above(3), LAST], false, []],
  ['of a guest program below L1, that of L0 and L1', [above(3), above(3)], true, ['timer', 'ipi', 'idle']],
] as const)('on is %s', (_what, levels, passesHalts, on) => {
  expect(mechanismsOn(levels, passesHalts)).toEqual(on);
});

test("the artifact's own mechanisms are in its knobs", () => {
  const [l0, l1] = [above(), above()];
  const levels = [{ ...l0, plan: { ...l0.plan, dvhKnobs: DVH_OFF } }, l1, LAST];
  expect(mechanismsOn(levels, true)).toEqual([]);
});
