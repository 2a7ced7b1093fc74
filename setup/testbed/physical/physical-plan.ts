/**
 * The whole plan of a cell on a physical testbed, as data: what its two machines boot with, and the guests of the
 * server.
 */
import type { BenchmarkKind } from '../../../fixtures/benchmarks/benchmark.ts';
import { MEMTIER_PROGRAM } from '../../../fixtures/benchmarks/memtier.ts';
import type { Clock } from '../../../fixtures/clock.ts';
import { ADDRESSES, type MachineName, PREFIX_LENGTH } from '../../../fixtures/addresses.ts';
import { DVH_OFF } from '../../../fixtures/configurations/configuration.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import {
  isBuilt,
  type MachineSoftware,
  physicalSoftware,
  sourceKey,
} from '../../../fixtures/physical-software.ts';
import { qemuHas } from '../../../fixtures/qemu-version.ts';
import { cpusAt, type Sizing } from '../../../fixtures/sizing.ts';
import { addressesOf, type TestbedDescription } from '../../../fixtures/testbed-description.ts';
import type { Storage } from '../../../fixtures/storage.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import type { ServerCard } from '../../../fixtures/virtual-functions.ts';
import { IMAGE_FORMATS } from '../../../fixtures/image-formats.ts';
import type { DvhOfQemu } from '../../build/qemu/qemu-package.ts';
import { InputError } from '../../lib/errors.ts';
import type { OpensshTarget } from '../../machine/ssh/openssh-command.ts';
import {
  type GuestDisks,
  LEVEL_RUNTIME,
  needsOf,
  ownKernel,
  ownQemu,
  planGuests,
} from '../../stack/guest-plan.ts';
import type { MachineNeeds, MachinePlan, OwnImage } from '../../stack/machine-plan.ts';
import type { Boot } from './grub-entry.ts';
import type { OwnImages } from './own-image.ts';
import { targetOf } from './testbed-file.ts';

/** An existing machine, and its requirements for a cell. */
export interface PhysicalMachinePlan extends MachineNeeds {
  readonly target: OpensshTarget;
  /** What it runs; if it does not yet, it reboots. */
  readonly boot: Boot;
  /** Prints its console, run on this host. */
  readonly console?: readonly string[] | undefined;
  /** Where nestbench keeps its files there. */
  readonly directory: string;
  /** Of the private network. */
  readonly interface: string;
  /** Its address there, with the prefix's length. */
  readonly addressWithPrefix: string;
  /** How many virtual functions its card gets for the cell; the first is the one that is assigned. */
  readonly virtualFunctions: number;
  /** Disk images of the user's that it has for its guests, by the guest's name. */
  readonly images: readonly (readonly [name: string, image: OwnImage])[];
  /** Whether its memory and its CPUs are limited to the cell's; a client uses all that it has. */
  readonly isSized: boolean;
}

export interface PhysicalPlan {
  readonly cell: Cell;
  readonly clock: Clock;
  readonly client: PhysicalMachinePlan;
  readonly server: PhysicalMachinePlan;
  /** L1 first. */
  readonly guests: readonly MachinePlan[];
  /** Files that go to every level with the keys: files of this host, by their path there. */
  readonly files: ReadonlyMap<string, string>;
}

export interface BuiltKernel {
  readonly file: string;
  readonly release: string;
  readonly hash: string;
}

export interface BuiltQemu {
  readonly file: string;
  readonly version: string;
  readonly hash: string;
  readonly dvh: DvhOfQemu;
}

export interface PhysicalHost {
  readonly testbed: TestbedDescription;
  readonly sizing: Sizing;
  /** The installed kernels of the two machines. */
  readonly installed: Readonly<Record<'client' | 'server', string>>;
  /** Built kernels, by the key of their source: bzImages of this host. */
  readonly kernels: Readonly<Record<string, BuiltKernel>>;
  /** Built QEMUs, by the key of their source: programs of this host. */
  readonly qemus: Readonly<Record<string, BuiltQemu>>;
  /** The server's, at the interface of its private network. */
  readonly card: ServerCard;
  /** CPUs of the client, all of which it uses. */
  readonly clientCpus: number;
  /** Disk images of the user's that levels boot, on this host. */
  readonly images?: OwnImages | undefined;
  /** The built memtier_benchmark, a program of this host; absent without one. */
  readonly memtier?: { readonly file: string } | undefined;
  /** Where benchmarks keep their data; by default in memory. */
  readonly storage?: Storage | undefined;
  readonly variant?: Pick<Variant, 'kernelParameters'> | undefined;
  readonly kind?: BenchmarkKind | undefined;
}

/** Where the server has what its guest boots from; machine/set-up puts it there. */
const SERVER_DISKS: GuestDisks = { image: `${LEVEL_RUNTIME}/image`, seed: `${LEVEL_RUNTIME}/seed.tar` };

/** A format that a machine's own kernel, whatever it is, can mount. */
export const IMAGE_FORMAT = IMAGE_FORMATS.physical;

/** For a command on the client or L0. Their guests' deadlines are for a boot, and do not apply here. */
const COMMAND_SECONDS = 60;

/**
 * Plans a cell. Pure.
 * @throws {InputError} NESTBENCH_BAD_TESTBED if a QEMU can't start the kernel that it has to.
 */
export function planPhysical(cell: Cell, host: PhysicalHost): PhysicalPlan {
  const { testbed, sizing, variant, card } = host;
  const addresses = addressesOf(testbed);
  const software = physicalSoftware(testbed, cell);
  const [l0, ...inside] = software.levels;
  const kernels = byMachine(inside, ({ kernel }) => builtKernel(host, kernel));
  const qemus = byMachine(software.levels, ({ qemu }) =>
    isBuilt(qemu) ? host.qemus[sourceKey(qemu)] : undefined,
  );
  const guestHost = {
    accelerator: 'kvm',
    sizing,
    card: 'whyNot' in card ? undefined : card,
    variant,
    kind: host.kind,
    addresses,
    storage: host.storage,
    images: host.images,
    serverDisks: SERVER_DISKS,
    imageFormat: IMAGE_FORMAT,
    qemus: Object.fromEntries(
      [...qemus].map(([name, { version, dvh }]) => [name, { version, hasDvhOption: dvh.option }]),
    ),
    kernels: Object.fromEntries([...kernels].map(([name, { release }]) => [name, release])),
  } as const;
  const server = needsOf(cell, 0, guestHost);
  const { dataDirectory: _, ...client } = server;
  const guests = planGuests(cell, guestHost).map((guest) =>
    kernels.has(guest.name) ? withKnobs(guest) : guest,
  );
  for (const { name, runsOn } of guests) {
    const version = runsOn === 'host' ? undefined : qemus.get(runsOn)?.version;
    if (version === undefined || kernels.has(name) || qemuHas(version, 'vmlinux')) continue;
    throw new InputError(
      'NESTBENCH_BAD_TESTBED',
      `The testbed file asks for QEMU ${version} on ${runsOn}, which can't start nestbench's own kernel in ${name} (a vmlinux, by PVH: from QEMU 4.0 on). Name a kernel for ${name}.`,
    );
  }
  return {
    cell,
    clock: 'real',
    client: {
      ...client,
      name: 'client',
      network: {},
      cpus: host.clientCpus,
      runsGuests: false,
      nested: false,
      dvhKnobs: undefined,
      virtualFunctions: 0,
      images: [],
      isSized: false,
      ...placeOf(testbed, 'client', addresses),
      boot: {
        ...machineKernel(host, 'client', software.client),
        parameters: [...software.client.parameters, ...(variant?.kernelParameters?.client ?? [])],
      },
    },
    server: {
      ...withKnobs(server),
      virtualFunctions: server.network.assigns === undefined ? 0 : testbed.server.virtualFunctions,
      images: guests.flatMap(({ name, own }) => {
        const image = own && host.images?.[name];
        return image === undefined ? [] : [[name, image] as const];
      }),
      isSized: true,
      ...placeOf(testbed, 'server', addresses),
      boot: {
        ...machineKernel(host, 'server', l0),
        parameters: [
          ...(l0?.parameters ?? []).map((word) => sized(word, cpusAt(sizing, 0, cell.level))),
          ...(variant?.kernelParameters?.l0 ?? []),
        ],
      },
    },
    guests,
    files: new Map([
      ...filesFor(guests, kernels, qemus),
      ...(host.memtier === undefined ? [] : [[MEMTIER_PROGRAM, host.memtier.file] as const]),
    ]),
  };
}

/**
 * A kernel with the mechanisms may have them on from before, or by default, so they are also switched off explicitly.
 */
function withKnobs<M extends MachineNeeds>(machine: M): M {
  return machine.runsGuests ? { ...machine, dvhKnobs: machine.dvhKnobs ?? DVH_OFF } : machine;
}

function byMachine<T>(
  levels: readonly MachineSoftware[],
  its: (machine: MachineSoftware) => T | undefined,
): Map<MachineName, T> {
  return new Map(
    levels.flatMap((machine) => {
      const found = its(machine);
      return found === undefined ? [] : [[machine.name, found] as const];
    }),
  );
}

function builtKernel(
  { kernels }: Pick<PhysicalHost, 'kernels'>,
  kernel: MachineSoftware['kernel'],
): BuiltKernel | undefined {
  return isBuilt(kernel) ? kernels[sourceKey(kernel)] : undefined;
}

function machineKernel(
  host: PhysicalHost,
  name: 'client' | 'server',
  software: MachineSoftware | undefined,
): Pick<Boot, 'release' | 'build'> {
  const built = software && builtKernel(host, software.kernel);
  return built === undefined
    ? { release: host.installed[name] }
    : { release: built.release, build: built.hash };
}

/** Kernels that guests boot, and the QEMUs that start them. */
function filesFor(
  guests: readonly MachinePlan[],
  kernels: ReadonlyMap<MachineName, BuiltKernel>,
  qemus: ReadonlyMap<MachineName, BuiltQemu>,
): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, runsOn } of guests) {
    const kernel = kernels.get(name);
    if (kernel !== undefined) files.set(ownKernel(name), kernel.file);
    const qemu = runsOn === 'host' ? undefined : qemus.get(runsOn);
    if (runsOn !== 'host' && qemu !== undefined) files.set(ownQemu(runsOn), qemu.file);
  }
  return files;
}

/** The tables' maxcpus belongs to the paper's sizing. */
function sized(parameter: string, cpus: number): string {
  return parameter.startsWith('maxcpus=') ? `maxcpus=${cpus}` : parameter;
}

function placeOf(
  testbed: TestbedDescription,
  name: 'client' | 'server',
  addresses: typeof ADDRESSES,
): Pick<
  PhysicalMachinePlan,
  'target' | 'console' | 'directory' | 'interface' | 'address' | 'addressWithPrefix' | 'deadlineSeconds'
> {
  const { console, directory, interface: nic } = testbed[name];
  const address = addresses[name === 'client' ? 'client' : 'l0'];
  return {
    target: targetOf(testbed, name),
    ...(console !== undefined && { console }),
    directory,
    interface: nic,
    address,
    addressWithPrefix: `${address}/${PREFIX_LENGTH}`,
    deadlineSeconds: COMMAND_SECONDS,
  };
}
