/** Faults that once failed: the fault campaign strikes each again (docs/fault-campaign.md). */
import path from 'node:path';
import { expect } from 'vitest';
import { EMULATED_CAMPAIGN } from '../../faults/campaign-testbed.ts';
import { REGRESSIONS } from '../../faults/regressions.ts';
import { strike, warmUp } from '../../faults/strike.ts';
import { test } from '../testbed.testing.ts';

const warm = new Set<string>();

test.for(REGRESSIONS)('%s', async ([, { planned, outcomes }], { place, signal }) => {
  const { cell, number } = planned;
  if (!warm.has(cell)) await warmUp(path.join(place.temporary, cell), planned, EMULATED_CAMPAIGN, signal);
  warm.add(cell);
  const result = await strike(path.join(place.temporary, String(number)), planned, EMULATED_CAMPAIGN, signal);
  // With its output, if something is wrong.
  expect(result).toMatchObject({ wrong: [], outcome: expect.toBeOneOf([...outcomes]) });
});
