/**
 * The levels above L0, as data. Each is started by the level below it, from disks that are passed down. They are the
 * same on every testbed.
 */
import type { Accelerator } from '../../fixtures/accelerator.ts';
import { ADDRESSES, type MachineName, PREFIX_LENGTH } from '../../fixtures/addresses.ts';
import { maskOf } from '../../fixtures/configurations/mechanisms.ts';
import { type Cell, configurationOf, type Level } from '../../fixtures/matrix.ts';
import { cpusAt, memoryMiBAt, type Sizing } from '../../fixtures/sizing.ts';
import { DVH_QEMU, IOMMU, softwareAt } from '../../fixtures/software.ts';
import { DATA_DIRECTORY, GUEST_DISK, type Storage } from '../../fixtures/storage.ts';
import type { Variant } from '../../fixtures/variant.ts';
import type { ImageFormat } from '../../fixtures/image-formats.ts';
import { guestQemu } from './guest-qemu.ts';
import { kernelParameters } from './kernel-command-line.ts';
import { deviceOf, type GuestDisk, guestDisks, isMachine } from './guest-disks.ts';
import type { MachineNeeds, MachinePlan, OwnImage } from './machine-plan.ts';
import { type MachineNetwork, type NetworkHost, networkOf } from './network.ts';
import type { QemuPaths } from './qemu-parts.ts';

/** Many times the expected duration, so that a loaded machine is not taken for a hung guest. */
export const DEADLINE_SECONDS: Record<Level, number> = { 0: 60, 1: 90, 2: 180, 3: 400 };

/** For the init of a user's disk image, whatever it starts. */
const OWN_INIT_SECONDS = 600;

/** The level that runs a level's QEMU. */
const BELOW = { 1: 0, 2: 1, 3: 2 } as const;

/** Where a level keeps its guest's sockets; created by the image's init. */
export const LEVEL_RUNTIME = '/run/nestbench';
/** The QEMU in the image. */
const IMAGE_QEMU = 'qemu-system-x86_64';
/** The kernel in the image, which a level boots its guest from. */
const LEVEL_KERNEL = '/boot/vmlinux';

/** What the guests of a cell are planned for, on any testbed. */
export interface GuestHost extends NetworkHost {
  /** What executes the server's instructions. */
  readonly accelerator: Accelerator;
  readonly sizing: Sizing;
  /** What a variant replaces; absent for stock. */
  readonly variant?: Pick<Variant, 'kernelParameters' | 'qemu'> | undefined;
  /** Whether its DVH is that of nestbench's kernel; by default it is the artifact's. */
  readonly hasKernelDvh?: boolean;
  /** Releases of the levels that have their own kernel, which the level below finds under {@link ownKernel}. */
  readonly kernels?: Partial<Record<MachineName, string>> | undefined;
  /** The QEMUs of levels that use their own to run the next, under {@link ownQemu}. */
  readonly qemus?: Partial<Record<MachineName, OwnQemu>> | undefined;
  /** Disk images of the user's, of the levels that boot one. The server has them under {@link ownImage}. */
  readonly images?: Partial<Record<MachineName, OwnImage>> | undefined;
  /** Where the server has the image and the keys for its guest; by default on its own disks. */
  readonly serverDisks?: GuestDisks;
  /** Where benchmarks keep their data; by default in memory. */
  readonly storage?: Storage | undefined;
  /** The format of the image; by default erofs. */
  readonly imageFormat?: ImageFormat | undefined;
}

export interface OwnQemu {
  readonly version: string;
  /** Whether it has the option `-dvh`, besides what a DVH kernel does. */
  readonly hasDvhOption: boolean;
}

/** Two files or block devices. */
export type GuestDisks = Pick<QemuPaths, 'image' | 'seed'>;

/** The levels above L0 that a cell boots, L1 first; none if L0 is under test. */
export function planGuests(cell: Cell, host: GuestHost): MachinePlan[] {
  return ([1, 2, 3] as const)
    .filter((level) => level <= lastGuest(cell, host))
    .map((level) => planGuest(cell, level, host));
}

/** The guest program of a microbenchmark is itself the level under test: the stack ends below it. */
function lastGuest(cell: Cell, { kind }: Pick<GuestHost, 'kind'>): number {
  return kind === 'micro' ? cell.level - 1 : cell.level;
}

/** What a cell needs from one of its levels, on every testbed. */
export function needsOf(
  cell: Cell,
  level: Level,
  { sizing, card, kind, storage, hasKernelDvh = false, addresses = ADDRESSES }: GuestHost,
): MachineNeeds & { readonly network: MachineNetwork } {
  const name = `l${level}` as const;
  const { artifact, mechanisms, virtualIdle = false } = configurationOf(cell);
  const runsGuests = level < cell.level;
  return {
    name,
    level,
    cpus: cpusAt(sizing, level, cell.level),
    memoryMiB: memoryMiBAt(sizing, level, cell.level),
    address: addresses[name],
    network: networkOf(cell, level, { card, addresses, kind }),
    deadlineSeconds: DEADLINE_SECONDS[level],
    runsGuests,
    // A level nests if its guest runs its own guests, as in the artifact's tables (kvm-intel.nested=1).
    nested: level + 1 < cell.level,
    // L0 always sees that L1 is idle. The paper's knob passes HLT on for all others.
    virtualIdle: virtualIdle && (mechanisms === undefined ? level === cell.level : level > 1),
    ...(storage === 'disk' && kind !== 'micro' && { dataDirectory: DATA_DIRECTORY }),
    ...(hasKernelDvh && runsGuests && { dvhMask: maskOf(mechanisms ?? []) }),
    ...(!hasKernelDvh &&
      artifact !== undefined &&
      runsGuests && { dvhKnobs: level === 0 ? artifact.serverKnobs : artifact.guestKnobs }),
  };
}

/** A level with its kernel's parameters. */
export function withKernel(
  cell: Cell,
  level: Level,
  host: GuestHost,
  tscKhz?: number | string,
): Omit<MachinePlan, 'runsOn' | 'accelerator' | 'qemu' | 'pins' | 'sshFrom'> {
  const needs = needsOf(cell, level, host);
  const { name, address, network, runsGuests, nested, dvhMask = 0 } = needs;
  const parameters = kernelParameters({
    name,
    address: `${address}/${PREFIX_LENGTH}`,
    bridge: network.bridge,
    management: level === 0,
    iommu: host.kind !== 'micro' && softwareAt(cell, level).parameters.includes(IOMMU),
    emulated: host.accelerator === 'tcg',
    ownRoot: host.images?.[name]?.root,
    imageFormat: host.imageFormat,
    tscKhz,
    kvm: runsGuests ? { nested, dvhMask } : undefined,
    added: host.variant?.kernelParameters?.[name],
  });
  return { ...needs, kernelParameters: parameters };
}

function planGuest(cell: Cell, level: Exclude<Level, 0>, host: GuestHost): MachinePlan {
  const common = withKernel(cell, level, host);
  const { name, cpus, network, virtualIdle, dataDirectory } = common;
  const below = BELOW[level];
  const own = host.qemus?.[`l${below}`];
  const { hasKernelDvh = false } = host;
  const artifact = hasKernelDvh ? undefined : configurationOf(cell).artifact;
  const hostCpus = cpusAt(host.sizing, below, cell.level);
  const disks = disksIn(cell, level, host);
  const image = host.images?.[name];
  const paths = {
    ...levelPaths(name, host.kernels?.[name]),
    ...pathsBelow(cell, level, host),
    ...(dataDirectory !== undefined && { data: GUEST_DISK }),
  };
  return {
    ...common,
    ...(dataDirectory !== undefined && { dataDevice: deviceOf(disks, 'data') }),
    ...(image !== undefined && {
      own: {
        ...image,
        disks: { image: deviceOf(disks, 'image'), seed: deviceOf(disks, 'seed') },
        format: host.imageFormat ?? 'erofs',
      },
      deadlineSeconds: OWN_INIT_SECONDS,
    }),
    ...(host.kernels?.[name] !== undefined && { kernelRelease: host.kernels[name] }),
    runsOn: `l${below}`,
    accelerator: 'kvm',
    qemu: guestQemu({
      program: own === undefined ? IMAGE_QEMU : ownQemu(`l${below}`),
      version: own?.version,
      network,
      paths,
      // The artifact uses a knob of the kernel instead.
      passesHalts: virtualIdle && artifact === undefined,
      dvh: softwareAt(cell, below).qemu === DVH_QEMU ? artifact : undefined,
      hasDvhOption: own?.hasDvhOption === true,
    }),
    // One to one on the highest-numbered CPUs; the lowest stay for the host, if the sizing reserves any.
    pins: Array.from({ length: cpus }, (_, vcpu) => ({ vcpu, cpu: hostCpus - cpus + vcpu })),
    sshFrom: 'l0',
  };
}

/** The emulated server's own disks. */
const SERVER_DISKS: GuestDisks = { image: '/dev/vda', seed: '/dev/vdb' };

function disksIn(cell: Cell, level: Level, host: GuestHost): GuestDisk[] {
  const owning = ([1, 2, 3] as const)
    .map((each) => `l${each}` as const)
    .filter((name) => host.images?.[name]);
  const hasData = needsOf(cell, level, host).dataDirectory !== undefined;
  return guestDisks(level, { last: lastGuest(cell, host), owning, hasData });
}

/** Where the level below has a level's disks. They are passed down read-only: no level copies an image. */
function pathsBelow(
  cell: Cell,
  level: Exclude<Level, 0>,
  host: GuestHost,
): Pick<QemuPaths, 'own' | 'image' | 'seed' | 'passed'> {
  const below = BELOW[level];
  const there = below === 0 ? [] : disksIn(cell, below, host);
  const pathOf = (name: MachineName): string => (below === 0 ? ownImage(name) : deviceOf(there, name));
  const passed = disksIn(cell, level, host).filter((disk) => isMachine(disk));
  const disks =
    below === 0
      ? (host.serverDisks ?? SERVER_DISKS)
      : { image: deviceOf(there, 'image'), seed: deviceOf(there, 'seed') };
  return {
    ...disks,
    ...(host.images?.[`l${level}`] !== undefined && { own: pathOf(`l${level}`) }),
    ...(passed.length > 0 && { passed: passed.map((name) => [name, pathOf(name)] as const) }),
  };
}

/** Where the server has the disk image of a level. */
export function ownImage(name: MachineName): string {
  return `${LEVEL_RUNTIME}/own-${name}`;
}

/** The path of a level's own QEMU, which like its kernel comes with the keys. */
export function ownQemu(name: MachineName): string {
  // The benchmark's CPU time is recognized by the program's name (setup/measure/window.ts).
  return `/opt/nestbench/${name}/${IMAGE_QEMU}`;
}

/** The path of a level's own kernel, which comes with the keys. */
export function ownKernel(name: MachineName): string {
  return `/boot/kernel-${name}`;
}

function levelPaths(
  name: MachineName,
  release: string | undefined,
): Pick<QemuPaths, 'kernel' | 'qmpSocket' | 'consoleSocket'> {
  return {
    kernel: release === undefined ? LEVEL_KERNEL : ownKernel(name),
    qmpSocket: `${LEVEL_RUNTIME}/${name}.qmp`,
    consoleSocket: `${LEVEL_RUNTIME}/${name}.console`,
  };
}
