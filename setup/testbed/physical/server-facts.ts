/** What really runs on a physical machine, compared with the plan. */
import type { LevelFacts } from '../../../fixtures/records.ts';
import { NotAsPlannedError } from '../../stack/stack-errors.ts';
import type { Machine } from '../../machine/machine.ts';
import { type Facts, readFacts } from '../../stack/facts.ts';
import { markOf } from './grub-entry.ts';
import type { PhysicalMachinePlan } from './physical-plan.ts';

/**
 * @throws NESTBENCH_CHECK_FAILED that names every difference.
 */
export async function readPhysicalFacts(
  plan: PhysicalMachinePlan,
  machine: Machine,
  signal: AbortSignal,
): Promise<LevelFacts> {
  const facts = await readFacts(plan, machine, signal);
  const wrong = physicalDifferences(plan, facts);
  if (wrong.length === 0) return { ...facts.record, qemu: null, pinned: [] };
  throw new NotAsPlannedError({
    machine: plan.name,
    destination: plan.target.destination,
    differences: wrong,
  });
}

/** Every way in which it differs from the plan, as sentences. */
export function physicalDifferences(plan: PhysicalMachinePlan, { record, tscTrouble }: Facts): string[] {
  const wrong: string[] = [];
  const { boot } = plan;
  if (record.kernelRelease !== boot.release)
    wrong.push(`its kernel is ${record.kernelRelease}, planned was ${boot.release}`);
  const words = record.commandLine.split(' ');
  // The mark identifies the build of a built kernel.
  const asked = boot.build === undefined ? boot.parameters : [...boot.parameters, markOf(boot)];
  const missing = asked.filter((word) => !words.includes(word));
  if (missing.length > 0) wrong.push(`its kernel was started without ${missing.join(' ')}`);
  if (plan.isSized && record.cpus !== plan.cpus)
    wrong.push(`it has ${record.cpus} CPUs online, planned were ${plan.cpus} (maxcpus)`);
  if (plan.runsGuests && !record.kvm.available) wrong.push('there is no /dev/kvm');
  // If no guest nests, the artifact's tables leave the parameter at the kernel's default.
  if (plan.nested && !/^[1Y]$/.test(record.kvm.nested))
    wrong.push(`KVM's nested parameter is "${record.kvm.nested}", planned was on`);
  if (record.nic.device !== plan.interface)
    wrong.push(`${plan.address} is on ${record.nic.device}, planned was ${plan.interface}`);
  if (!record.clockSource.startsWith('tsc'))
    wrong.push(`its clock source is ${record.clockSource}, which costs guests exits; planned was the TSC`);
  if (tscTrouble !== '')
    wrong.push(`its KVM gave up on the TSC rate, so its guests' timers are late (${tscTrouble})`);
  return wrong;
}
