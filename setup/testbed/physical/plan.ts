/** The whole of a cell on a physical testbed, as data: what its two machines are booted with, and the guests of the server. */
import type { Clock } from '../../../fixtures/clock.ts';
import { ADDRESSES, MACHINE_NAMES, type MachineName, PREFIX_LENGTH } from '../../../fixtures/addresses.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import { physicalSoftware } from '../../../fixtures/physical-software.ts';
import { cpusAt, type Sizing } from '../../../fixtures/sizing.ts';
import { addressesOf, type TestbedDescription } from '../../../fixtures/testbed.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import type { OpensshTarget } from '../../machine/openssh.ts';
import {
  type BenchmarkKind,
  type GuestDisks,
  LEVEL_RUNTIME,
  type MachineNeeds,
  type MachinePlan,
  needsOf,
  ownKernel,
  ownQemu,
  planGuests,
} from '../../stack/plan.ts';
import type { Boot } from './grub.ts';
import { targetOf } from './description.ts';

/** A machine that somebody else has set up, and what it is to be for a cell. */
export interface PhysicalMachinePlan extends MachineNeeds {
  readonly target: OpensshTarget;
  /** What it runs; where it does not yet, it is booted anew. */
  readonly boot: Boot;
  /** Where nestbench keeps what it needs there. */
  readonly directory: string;
  /** Of the private network. */
  readonly interface: string;
  /** Its address there, with the prefix's length. */
  readonly addressWithPrefix: string;
  /** Whether its memory and its CPUs are held to what the cell gives it; a client has all that it has. */
  readonly isSized: boolean;
}

export interface PhysicalPlan {
  readonly cell: Cell;
  readonly clock: Clock;
  readonly client: PhysicalMachinePlan;
  readonly server: PhysicalMachinePlan;
  /** L1 first. */
  readonly guests: readonly MachinePlan[];
  /** What goes to every level with the keys: files of this host, by their path there. */
  readonly files: ReadonlyMap<string, string>;
}

export interface PhysicalHost {
  readonly testbed: TestbedDescription;
  readonly sizing: Sizing;
  /** The kernels of the two machines. */
  readonly boots: Readonly<Record<'client' | 'server', Pick<Boot, 'release' | 'build'>>>;
  /** Kernels of the levels that have one of their own: bzImages of this host. */
  readonly kernels: Partial<Record<'l1' | 'l2' | 'l3', { readonly file: string; readonly release: string }>>;
  /** QEMUs of the machines that have one of their own for the next level: programs of this host. */
  readonly qemus: Partial<Record<MachineName, { readonly file: string }>>;
  /** CPUs of the client, all of which it uses. */
  readonly clientCpus: number;
  readonly variant?: Pick<Variant, 'kernelParameters'> | undefined;
  readonly kind?: BenchmarkKind | undefined;
}

/** Where the server has what its guest boots from: machine/set-up puts it there. */
const SERVER_DISKS: GuestDisks = { image: `${LEVEL_RUNTIME}/image`, seed: `${LEVEL_RUNTIME}/seed.tar` };

/** Firmware that finds its disks takes minutes; a guest's deadline is of no use here. */
const CONNECT_SECONDS = 60;

/** Plans a cell. Pure. */
export function planPhysical(cell: Cell, host: PhysicalHost): PhysicalPlan {
  const { testbed, sizing, boots, variant } = host;
  const addresses = addressesOf(testbed);
  const software = physicalSoftware(testbed, cell);
  const guestHost = {
    accelerator: 'kvm',
    sizing,
    card: 'virtio-net-pci',
    variant,
    kind: host.kind,
    addresses,
    serverDisks: SERVER_DISKS,
    qemus: MACHINE_NAMES.filter((name) => host.qemus[name] !== undefined),
    kernels: Object.fromEntries(Object.entries(host.kernels).map(([name, { release }]) => [name, release])),
  } as const;
  const server = needsOf(cell, 0, guestHost);
  const [l0] = software.levels;
  const guests = planGuests(cell, guestHost);
  return {
    cell,
    clock: 'real',
    client: {
      ...server,
      name: 'client',
      network: {},
      cpus: host.clientCpus,
      runsGuests: false,
      nested: false,
      isSized: false,
      ...placeOf(testbed, 'client', addresses),
      boot: {
        ...boots.client,
        parameters: [...software.client.parameters, ...(variant?.kernelParameters?.client ?? [])],
      },
    },
    server: {
      ...server,
      isSized: true,
      ...placeOf(testbed, 'server', addresses),
      boot: {
        ...boots.server,
        parameters: [
          ...(l0?.parameters ?? []).map((word) => sized(word, cpusAt(sizing, 0, cell.level))),
          ...(variant?.kernelParameters?.l0 ?? []),
        ],
      },
    },
    guests,
    files: filesFor(guests, host),
  };
}

/** Kernels that guests are started with, and the QEMUs that start them. */
function filesFor(
  guests: readonly MachinePlan[],
  { kernels, qemus }: Pick<PhysicalHost, 'kernels' | 'qemus'>,
): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, runsOn } of guests) {
    const kernel = name === 'client' || name === 'l0' ? undefined : kernels[name];
    if (kernel !== undefined) files.set(ownKernel(name), kernel.file);
    const qemu = runsOn === 'host' ? undefined : qemus[runsOn];
    if (runsOn !== 'host' && qemu !== undefined) files.set(ownQemu(runsOn), qemu.file);
  }
  return files;
}

/** The tables' maxcpus is of the paper's sizing. */
function sized(parameter: string, cpus: number): string {
  return parameter.startsWith('maxcpus=') ? `maxcpus=${cpus}` : parameter;
}

function placeOf(
  testbed: TestbedDescription,
  name: 'client' | 'server',
  addresses: typeof ADDRESSES,
): Pick<
  PhysicalMachinePlan,
  'target' | 'directory' | 'interface' | 'address' | 'addressWithPrefix' | 'deadlineSeconds'
> {
  const { directory, interface: nic } = testbed[name];
  const address = addresses[name === 'client' ? 'client' : 'l0'];
  return {
    target: targetOf(testbed, name),
    directory,
    interface: nic,
    address,
    addressWithPrefix: `${address}/${PREFIX_LENGTH}`,
    deadlineSeconds: CONNECT_SECONDS,
  };
}
