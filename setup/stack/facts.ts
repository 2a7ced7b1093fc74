/** What really runs on a machine, read from it and from its QEMU, and compared with the plan. */
import { z } from 'zod';
import type { LevelFacts } from '../../fixtures/records.ts';
import { driverName } from '../../fixtures/virtual-functions.ts';
import { CheckError } from '../lib/errors.ts';
import { NotAsPlannedError } from './stack-errors.ts';
import { pairsOf } from '../lib/lines.ts';
import type { Machine } from '../machine/machine.ts';
import type { Qmp } from '../machine/qemu/qmp.ts';
import { commandLineOf } from './kernel-command-line.ts';
import type { MachineNeeds, MachinePlan } from './machine-plan.ts';
import { qemuArgv } from './qemu-argv.ts';

/** The output of `nestbench-facts`, one `name=value` per line. */
const reported = z.object({
  kernelRelease: z.string().min(1),
  commandLine: z.string(),
  cpus: z.coerce.number().int().positive(),
  cpuModel: z.string(),
  memoryKiB: z.coerce.number().positive(),
  swapKiB: z.coerce.number().nonnegative(),
  clockSource: z.string().min(1),
  hypervisor: z.string(),
  tscTrouble: z.string(),
  kvm: z.enum(['yes', 'no']),
  nested: z.string(),
  nic: z.string().min(1),
  nicDriver: z.string(),
  nicPath: z.string(),
  nicMac: z.string(),
  otherNics: z.string(),
});

export interface Facts {
  /** Except for what only its QEMU knows. */
  readonly record: Omit<LevelFacts, 'qemu' | 'pinned'>;
  /** The line of the kernel's log that says that KVM gave up on the TSC rate; empty without one. */
  readonly tscTrouble: string;
}

/** Facts of a machine that QEMU creates. */
export interface GuestFacts extends Facts {
  readonly record: LevelFacts;
}

export async function readGuestFacts(
  plan: MachinePlan,
  machine: Machine,
  qmp: Qmp,
  pinned: LevelFacts['pinned'],
  signal: AbortSignal,
): Promise<GuestFacts> {
  const { record, tscTrouble } = await readFacts(plan, machine, signal);
  const { enabled } = await qmp.execute('query-kvm');
  const qemu = { version: qmp.version, argv: qemuArgv(plan), accelerator: enabled ? 'kvm' : 'tcg' };
  return { tscTrouble, record: { ...record, qemu, pinned } };
}

export async function readFacts(plan: MachineNeeds, machine: Machine, signal: AbortSignal): Promise<Facts> {
  const text = await machine.check(['nestbench-facts', plan.address], {
    signal,
    deadlineSeconds: plan.deadlineSeconds,
  });
  const found = parseFacts(plan.name, text);
  return {
    tscTrouble: found.tscTrouble,
    record: {
      level: plan.level,
      kernelRelease: found.kernelRelease,
      commandLine: found.commandLine,
      cpuModel: found.cpuModel,
      cpus: found.cpus,
      memoryBytes: found.memoryKiB * 1024,
      clockSource: found.clockSource,
      hypervisor: found.hypervisor,
      kvm: { available: found.kvm === 'yes', nested: found.nested },
      nic: { device: found.nic, driver: found.nicDriver, path: found.nicPath, mac: found.nicMac },
      otherNics: found.otherNics.split(' ').filter((name) => name !== ''),
      swapBytes: found.swapKiB * 1024,
    },
  };
}

/**
 * @throws NESTBENCH_CHECK_FAILED if a fact is missing or can't be read.
 */
export function parseFacts(machine: string, text: string): z.infer<typeof reported> {
  const parsed = reported.safeParse(pairsOf(text));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new CheckError({
    message: `The facts that ${machine} reports about itself cannot be read: ${wrong}.`,
    machine,
    output: text,
  });
}

/** A guest's kernel reserves some memory before it counts: less than this share was seen. */
const MEMORY_KEPT_BY_KERNEL = 0.15;

/** Every way in which a machine differs from the plan, as sentences; empty without differences. */
export function differences(plan: MachinePlan, facts: GuestFacts, kernelRelease: string): string[] {
  return [...machineDifferences(plan, facts, kernelRelease), ...clockDifferences(plan, facts)];
}

function machineDifferences(plan: MachinePlan, { record }: GuestFacts, kernelRelease: string): string[] {
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) wrong.push(differs(what, found, wanted));
  };
  expect('the kernel release', record.kernelRelease, kernelRelease);
  expect('the kernel command line', record.commandLine, commandLineOf(plan.kernelParameters));
  expect('the number of CPUs', record.cpus, plan.cpus);
  expect('swap', record.swapBytes, 0);
  expect("its QEMU's accelerator", record.qemu?.accelerator, plan.accelerator);
  // virtme-ng's own test: a guest that KVM runs sees KVM, and uses KVM's clock.
  if (plan.accelerator === 'kvm') expect('the hypervisor that it sees', record.hypervisor, 'KVM');
  const planned = plan.memoryMiB * 2 ** 20;
  if (record.memoryBytes > planned || record.memoryBytes < planned * (1 - MEMORY_KEPT_BY_KERNEL)) {
    wrong.push(
      `its memory is ${Math.round(record.memoryBytes / 2 ** 20)} MiB, planned were ${plan.memoryMiB}`,
    );
  }
  if (plan.runsGuests) {
    expect('the availability of /dev/kvm', record.kvm.available, true);
    expect('nesting', /^[1Y]$/.test(record.kvm.nested), plan.nested);
  }
  wrong.push(...networkDifferences(plan, record));
  expect('the number of pinned vCPUs', record.pinned.length, plan.pins.length);
  return wrong;
}

/**
 * Traffic to a machine's address goes through the NIC that has it, so checking the NIC shows which way traffic goes.
 */
function networkDifferences(plan: MachinePlan, found: LevelFacts): string[] {
  const { nic, assigns } = plan.network;
  const wrong: string[] = [];
  const expect = (what: string, is: unknown, wanted: unknown): void => {
    if (is !== wanted) wrong.push(differs(`${what} of the NIC with the level's address`, is, wanted));
  };
  expect('the driver', driverName(found.nic.driver), nic.driver);
  expect('the MAC', found.nic.mac, nic.mac);
  expect('the PCI address', pciAddressOf(found.nic.path), nic.pciAddress);
  // With two NICs on one network a guest receives on either, which ruins the numbers (the artifact's own warning).
  const others = found.otherNics ?? [];
  if (nic.kind === 'assigned' && others.length > 0) {
    wrong.push(`it has other NICs besides the one that was assigned to it (${others.join(', ')})`);
  }
  // On the server, the other one is the NIC for SSH.
  const expected = plan.sshFrom === 'host' ? 1 : 0;
  // Under vfio-pci it is no longer a network interface; assign.ts reads it there.
  const isAssigned = found.handsOn !== undefined;
  if (assigns !== undefined && !isAssigned && others.length <= expected)
    wrong.push('it has no NIC that it should assign');
  return wrong;
}

/**
 * `0000:01:00.0` of `/sys/devices/pci0000:00/0000:00:11.0/0000:01:00.0/virtio4`: the device's own, not its bridges'.
 */
function pciAddressOf(sysfsPath: string): string | undefined {
  return sysfsPath.match(/[\da-f]{4}:[\da-f]{2}:[\da-f]{2}\.\d/g)?.at(-1);
}

/** The output of `nestbench-assigned` for a device that vfio-pci has. */
const assignedDevice = z.object({
  pciAddress: z.string(),
  identity: z.string(),
  driver: z.literal('vfio-pci'),
  group: z.string().min(1),
});

/**
 * @throws NESTBENCH_CHECK_FAILED if it does not match the plan.
 */
export function parseAssigned(
  machine: string,
  planned: string,
  text: string,
): NonNullable<LevelFacts['handsOn']> {
  const parsed = assignedDevice.safeParse(pairsOf(text));
  if (parsed.success && parsed.data.pciAddress === planned) return parsed.data;
  throw new CheckError({
    message: `${machine} must assign ${planned} by vfio-pci, but reports another device.`,
    machine,
    output: text,
  });
}

function clockDifferences(plan: MachinePlan, { record, tscTrouble }: GuestFacts): string[] {
  const wrong: string[] = [];
  const { clockSource } = record;
  if (plan.accelerator === 'kvm') {
    if (clockSource !== 'kvm-clock') wrong.push(differs('the clock source', clockSource, 'kvm-clock'));
  } else if (!clockSource.startsWith('tsc')) {
    wrong.push(`the clock source is ${clockSource}, which costs exits; planned was the TSC`);
  }
  if (tscTrouble !== '')
    wrong.push(`its KVM gave up on the TSC rate, so its timers are late (${tscTrouble})`);
  return wrong;
}

function differs(what: string, found: unknown, wanted: unknown): string {
  return `${what} is ${JSON.stringify(found)}, planned was ${JSON.stringify(wanted)}`;
}

/**
 * Checks a machine that is up.
 * @throws NESTBENCH_CHECK_FAILED that names every difference.
 */
export type FactsCheck = (plan: MachinePlan, facts: GuestFacts, kernelRelease: string) => void;

export const checkFacts: FactsCheck = (plan, facts, kernelRelease) => {
  assertNone(plan, differences(plan, facts, kernelRelease));
};

/** For a stack of which only the boot is measured: its clocks may be as bad as its settings make them. */
export const checkFactsButClock: FactsCheck = (plan, facts, kernelRelease) => {
  assertNone(plan, machineDifferences(plan, facts, kernelRelease));
};

function assertNone(plan: MachinePlan, wrong: readonly string[]): void {
  if (wrong.length === 0) return;
  throw new NotAsPlannedError({ machine: plan.name, differences: wrong });
}
