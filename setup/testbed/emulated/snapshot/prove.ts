/** Checks a restored stack for everything that was checked after its boot: reads all facts again. */
import { checkFacts, readGuestFacts } from '../../../stack/facts.ts';
import { readAssigned, readHaltExits } from '../../../stack/assign.ts';
import { readDvhMask } from '../../../stack/dvh-mask.ts';
import type { BootedMachine } from '../../../stack/machine-boot.ts';
import { readModuleParameters } from '../../../stack/module-parameters.ts';

/**
 * @param levels L0 first.
 * @param kernelRelease what every machine without its own kernel must run.
 * @throws NESTBENCH_CHECK_FAILED with what differs from the plan.
 */
export async function proveStack(
  client: BootedMachine,
  levels: readonly BootedMachine[],
  kernelRelease: string,
  signal: AbortSignal,
): Promise<void> {
  const proveLevel = async (level: BootedMachine, index: number): Promise<void> => {
    await proveMachine(level, kernelRelease, signal);
    const below = levels[index - 1];
    if (below !== undefined) await readHaltExits(below, level.plan, signal);
  };
  await Promise.all([proveMachine(client, kernelRelease, signal), ...levels.map(proveLevel)]);
}

async function proveMachine(
  { plan, machine, qmp, facts }: BootedMachine,
  kernelRelease: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await readGuestFacts(plan, machine, qmp, facts.pinned, signal);
  const handsOn = await readAssigned(plan, machine, signal);
  checkFacts(plan, { ...found, record: { ...found.record, handsOn } }, plan.kernelRelease ?? kernelRelease);
  await readModuleParameters(plan, machine, signal);
  await readDvhMask(plan, machine, signal);
}
