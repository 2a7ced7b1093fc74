/** Checks that the vIOMMU that a DVH QEMU gives its guest posts interrupts, as the guest sees it. */
import { UnsuitableError } from '../lib/errors.ts';
import type { UpMachine } from './machine-boot.ts';
import type { MachinePlan } from './machine-plan.ts';
import type { QemuPlan } from './qemu-plan.ts';

/** The capability register of the first VT-d unit, in hexadecimal (Linux, sysfs-class-iommu-intel-iommu). */
export const CAPABILITIES = '/sys/class/iommu/dmar0/intel-iommu/cap';

/** PI: "Posted Interrupts Support" (VT-d specification 3.0, section 10.4.2, Capability Register). */
const POSTED_INTERRUPTS = 59n;

/**
 * Does nothing for a guest whose vIOMMU was not asked to post interrupts.
 * @throws NESTBENCH_CHECK_FAILED if it was, and the guest does not see it.
 */
export async function checkPostedInterrupts(
  guest: UpMachine,
  plan: MachinePlan,
  signal: AbortSignal,
): Promise<UpMachine> {
  if (!asksForPosting(plan.qemu)) return guest;
  const { machine, facts } = guest;
  const { stdout } = await machine.run(['cat', CAPABILITIES], {
    signal,
    deadlineSeconds: plan.deadlineSeconds,
  });
  if (postsInterrupts(stdout)) return { ...guest, facts: { ...facts, postedInterrupts: true } };
  throw new UnsuitableError({
    message: `${plan.name} has a vIOMMU without posted interrupts: bit ${POSTED_INTERRUPTS} of ${CAPABILITIES} is not set, although the QEMU on ${plan.runsOn} was started with intpost=on. It is not the requested configuration, so nothing is measured on it.`,
    machine: plan.name,
    output: stdout,
  });
}

export function asksForPosting({ devices }: Pick<QemuPlan, 'devices'>): boolean {
  return devices.some(({ properties }) => properties['intpost'] === 'on');
}

/** @param text of {@link CAPABILITIES}; empty without a VT-d unit. */
export function postsInterrupts(text: string): boolean {
  const [, digits] = /^([\da-f]+)\n?$/i.exec(text) ?? [];
  return digits !== undefined && ((BigInt(`0x${digits}`) >> POSTED_INTERRUPTS) & 1n) === 1n;
}
