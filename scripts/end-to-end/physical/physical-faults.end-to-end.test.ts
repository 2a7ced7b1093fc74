/** The faults of two machines of the user's, against two that boot their own disks (docs/fault-campaign.md). */
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { CampaignTestbed } from '../../faults/campaign-testbed.ts';
import { OwnMachines } from '../../faults/physical/own-machines.ts';
import { physicalCampaign } from '../../faults/physical/physical-campaign.ts';
import { PHYSICAL_REGRESSIONS } from '../../faults/regressions.ts';
import { strike, warmUp } from '../../faults/strike.ts';
import { measureTscKhz } from '../../../setup/testbed/emulated/tsc.ts';
import { whyNoDiskMachines } from '../../../setup/testbed/physical/disk-machine.testing.ts';
import { readTestbed } from '../../../setup/testbed/physical/testbed-file.ts';
import { test } from '../test.testing.ts';
import { bootTwoMachines } from './two-machines.testing.ts';

const never = new AbortController().signal;
const whyNot = await whyNoDiskMachines();
const cleanup = new AsyncDisposableStack();
let campaign: CampaignTestbed;

beforeAll(async () => {
  if (whyNot !== undefined) return;
  const two = cleanup.use(await bootTwoMachines(never));
  // An emulated TSC is the host's, and its KVM would distrust it (docs/emulated-testbed.md).
  const parameters = [`tsc_early_khz=${await measureTscKhz(never)}`, 'kvm.tsc_tolerance_ppm=100000'];
  const file = two.describe({ software: { l0: { parameters } } });
  campaign = physicalCampaign(file, cleanup.use(new OwnMachines(readTestbed(file))));
});
afterAll(() => cleanup.disposeAsync());

test.beforeEach(({ skip }) => skip(whyNot !== undefined, whyNot));

const warm = new Set<string>();

test.for(PHYSICAL_REGRESSIONS)('%s', async ([, { planned, outcomes }], { place, signal }) => {
  const { cell, number } = planned;
  if (!warm.has(cell)) await warmUp(path.join(place.temporary, cell), planned, campaign, signal);
  warm.add(cell);
  const result = await strike(path.join(place.temporary, String(number)), planned, campaign, signal);
  // With its output, if something is wrong.
  expect(result).toMatchObject({ wrong: [], outcome: expect.toBeOneOf([...outcomes]) });
});
