/**
 * Prepares a running level for the next: binds the device to assign to vfio-pci, and checks that the guest idles as
 * planned.
 */
import type { LevelFacts } from '../../fixtures/records.ts';
import { CheckError } from '../lib/errors.ts';
import type { Machine } from '../machine/machine.ts';
import { parseAssigned } from './facts.ts';
import type { UpMachine } from './machine-boot.ts';
import type { MachineNeeds } from './machine-plan.ts';
import { assignCommands } from './network.ts';

/** Binds the device that the level assigns to its guest to vfio-pci. Does nothing without such a device. */
export async function assignDevice(level: UpMachine, signal: AbortSignal): Promise<UpMachine> {
  const { plan, machine, facts, phases } = level;
  const { assigns } = plan.network;
  if (assigns === undefined) return level;
  let said = '';
  for (const argv of assignCommands(assigns)) {
    said = await machine.check(argv, { signal, deadlineSeconds: plan.deadlineSeconds });
  }
  phases.lap(`${plan.name}: vfio-pci`);
  return { ...level, facts: { ...facts, handsOn: parseAssigned(plan.name, assigns.pciAddress, said) } };
}

/**
 * Reads which driver has the device that a level assigned to its guest.
 * @returns undefined if it has none to assign.
 * @throws NESTBENCH_CHECK_FAILED if it is not vfio-pci.
 */
export async function readAssigned(
  { name, network: { assigns }, deadlineSeconds }: MachineNeeds,
  machine: Machine,
  signal: AbortSignal,
): Promise<LevelFacts['handsOn']> {
  if (assigns === undefined) return undefined;
  const argv = ['nestbench-assigned', assigns.pciAddress];
  const said = await machine.check(argv, { signal, deadlineSeconds });
  return parseAssigned(name, assigns.pciAddress, said);
}

/** KVM's count of the HLTs that it trapped, over all guests; each level has one guest. */
const HALT_EXITS = '/sys/kernel/debug/kvm/halt_exits';

/**
 * Checks whether the level below traps the HLT of its guest. KVM decides that, and QEMU only warns if it does not do as
 * requested. A guest that booted has been idle, so the count shows it: above 0 if HLT is trapped, otherwise 0.
 * @throws NESTBENCH_CHECK_FAILED if it is not as planned.
 */
export async function checkIdle(below: UpMachine, guest: UpMachine, signal: AbortSignal): Promise<UpMachine> {
  const guestHaltExits = await readHaltExits(below, guest.plan, signal);
  const guestHalts = idlingOf(below.facts, guest.plan);
  return { ...below, facts: { ...below.facts, guestHaltExits, guestHalts } };
}

/**
 * @throws NESTBENCH_CHECK_FAILED if the count is not as planned for this guest.
 */
export async function readHaltExits(
  { plan, machine, facts }: Pick<UpMachine, 'plan' | 'machine' | 'facts'>,
  guest: MachineNeeds,
  signal: AbortSignal,
): Promise<number> {
  const text = await machine.check(['cat', HALT_EXITS], { signal, deadlineSeconds: plan.deadlineSeconds });
  const fault = idleFault(guest.name, idlingOf(facts, guest), text);
  if (fault === undefined) return Number(text);
  throw new CheckError({ message: `${plan.name}: ${fault}`, machine: plan.name, output: text });
}

/** Whether HLT of a guest is trapped by the level below, as that level's own count of them shows it. */
type Idling = NonNullable<LevelFacts['guestHalts']>;

/** With DVH, which a variant may turn on, a level traps HLT while it has other tasks (patch 8 of setup/build/kernel/dvh). */
export function idlingOf(
  { dvhMask = 0 }: Pick<LevelFacts, 'dvhMask'>,
  { virtualIdle }: Pick<MachineNeeds, 'virtualIdle'>,
): Idling {
  if (!virtualIdle) return 'trapped';
  return dvhMask === 0 ? 'passed' : 'passed if alone';
}

/**
 * @returns what is wrong with the count; undefined if nothing is.
 */
export function idleFault(guest: string, idling: Idling, text: string): string | undefined {
  if (!/^\d+\n?$/.test(text))
    return `${HALT_EXITS} has no number, so nothing shows whether HLT of ${guest} is trapped. Check there that KVM is loaded and that debugfs is mounted at /sys/kernel/debug.`;
  const count = Number(text);
  if (idling === 'passed' && count > 0)
    return `HLT of ${guest} should pass to L0, but its KVM trapped it ${count} times. ${AGAIN}look in the output of the QEMU that runs ${guest} for a warning about -overcommit cpu-pm=on.`;
  if (idling === 'trapped' && count === 0)
    return `HLT of ${guest} should be trapped, but its KVM trapped none. ${AGAIN}check that ${guest} does not poll when it is idle (idle=poll in /proc/cmdline), and that its QEMU has no -overcommit cpu-pm=on.`;
  return undefined;
}

const AGAIN = 'Boot the cell again with BOOT=cold; if it fails again, ';
