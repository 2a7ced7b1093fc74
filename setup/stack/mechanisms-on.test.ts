import { expect, test } from 'vitest';
import { DVH_OFF } from '../../fixtures/configurations/configuration.ts';
import { mechanismsOn } from './mechanisms-on.ts';

/** A level that runs guests, with this mask. */
function above(dvhMask?: number) {
  return { plan: { runsGuests: true }, facts: { dvhMask } };
}

const IDLE = { virtualIdle: true };

const LAST = { plan: { runsGuests: false }, facts: {} };

test.each([
  ['all that every level has on', [above(3), above(3), LAST], IDLE, ['timer', 'ipi', 'idle']],
  ['not what one of them has off', [above(3), above(1), LAST], {}, ['timer']],
  ['nothing if one of them lacks it', [above(3), above(), LAST], {}, []],
  ['virtual idle alone, with stock software', [above(0), above(0), LAST], IDLE, ['idle']],
  [
    'posting, with a device to post for',
    [above(7), above(7), LAST],
    { assigned: 'virtio' },
    ['timer', 'ipi', 'posted'],
  ],
  [
    'no posting without one, although a variant turns it on',
    [above(7), above(7), LAST],
    {},
    ['timer', 'ipi'],
  ],
  ['nothing at L1, which is not nested', [above(3), LAST], {}, []],
  ['of a guest program below L1, that of L0 and L1', [above(3), above(3)], IDLE, ['timer', 'ipi', 'idle']],
] as const)('on is %s', (_what, levels, configuration, on) => {
  expect(mechanismsOn(levels, configuration)).toEqual(on);
});

test("the artifact's own mechanisms are in its knobs", () => {
  const [l0, l1] = [above(), above()];
  const levels = [{ ...l0, plan: { ...l0.plan, dvhKnobs: DVH_OFF } }, l1, LAST];
  expect(mechanismsOn(levels, IDLE)).toEqual([]);
});
