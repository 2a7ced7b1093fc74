/** A machine of a stack as data, before it is started: its requirements, and its QEMU plan if QEMU creates it. */
import type { Accelerator } from '../../fixtures/accelerator.ts';
import type { MachineName } from '../../fixtures/addresses.ts';
import type { DvhKnobs } from '../../fixtures/configurations/configuration.ts';
import type { Level } from '../../fixtures/matrix.ts';
import type { KernelParameter } from './kernel-command-line.ts';
import type { MachineNetwork } from './network.ts';
import type { QemuPlan } from './qemu-plan.ts';

/** The requirements of a machine, wherever it comes from. */
export interface MachineNeeds {
  readonly name: MachineName;
  readonly level: Level;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly address: string;
  readonly network: Omit<MachineNetwork, 'nic'>;
  /** How long it may take from its start to SSH. */
  readonly deadlineSeconds: number;
  /** Whether KVM must work in it, for the next level; and the nesting parameter there. */
  readonly runsGuests: boolean;
  readonly nested: boolean;
  /** Whether its HLT passes the hypervisor that runs it, and is seen by L0. */
  readonly virtualIdle: boolean;
  /** The value of its kernel's `kvm_amd.dvh`; absent if it runs no guest, or DVH is the artifact's there. */
  readonly dvhMask?: number | undefined;
  /** Where it has a file system on a disk for the data of benchmarks, and for its guest's disk; absent without one. */
  readonly dataDirectory?: string;
  /** The device of that file system in a guest; absent on a physical machine, where it is the machine's own. */
  readonly dataDevice?: string;
  /** The values of the artifact's DVH mechanisms before its guest is started; absent if none is used. */
  readonly dvhKnobs?: DvhKnobs | undefined;
}

/** A disk image of the user's that a level boots by its own init. nestbench's programs are mounted there afterwards. */
export interface OwnImage {
  /** On nestbench's host. */
  readonly file: string;
  readonly bytes: number;
  /** Absent in a plan that is only printed. */
  readonly sha256?: string | undefined;
  /** The device of its root file system in the level: the whole disk or a partition. */
  readonly root: string;
  /** The file of root's private key on nestbench's host. */
  readonly key: string;
}

/** A machine that QEMU creates, before its start. */
export interface MachinePlan extends MachineNeeds {
  /** The machine that runs its QEMU. */
  readonly runsOn: 'host' | MachineName;
  readonly accelerator: Accelerator;
  readonly network: MachineNetwork;
  readonly kernelParameters: readonly KernelParameter[];
  /** The release of its own kernel; by default that of the image. */
  readonly kernelRelease?: string;
  readonly qemu: QemuPlan;
  /** What it boots in place of nestbench's image, where nestbench's disks are then, and the format of its image. */
  readonly own?: OwnImage & {
    readonly disks: Readonly<Record<'image' | 'seed', string>>;
    readonly format: string;
  };
  /** vCPU to CPU of the machine that runs it; pinned before the first guest instruction. */
  readonly pins: readonly { readonly vcpu: number; readonly cpu: number }[];
  /** The machine that SSH goes through: a forward of the host's QEMU, or the server's bridge. */
  readonly sshFrom: 'host' | MachineName;
}

/**
 * How long each level takes to come up on two cores, for the time left. Measured over the whole matrix: L1 took 5.1 to
 * 17.3 s (if a device is assigned, its memory is pinned first), L2 7.1 to 15.6 s, L3 17.3 to 20.0 s.
 */
export const EXPECTED_SECONDS: Record<Level, number> = { 0: 3, 1: 7, 2: 11, 3: 19 };
