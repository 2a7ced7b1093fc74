/**
 * The whole boot of a cell on the emulated testbed, as data, before anything runs: which machine runs where, with
 * which QEMU and kernel command line, how it is reached, and what must be true of it once it is up. The booter only
 * executes this; `npm run plan -- CELL` prints it.
 */
import { ADDRESSES, type MachineName, PREFIX_LENGTH } from '../../fixtures/addresses.ts';
import { type Clock, VIRTUAL_TSC_KHZ } from '../../fixtures/clock.ts';
import type { DvhKnobs, NetworkCard } from '../../fixtures/configurations/configuration.ts';
import { type Cell, configurationOf, type Level } from '../../fixtures/matrix.ts';
import { cpusAt, memoryMiBAt, type Sizing } from '../../fixtures/sizing.ts';
import { isVintageQemu } from '../../fixtures/qemu-version.ts';
import { DVH_QEMU, IOMMU, softwareAt } from '../../fixtures/software.ts';
import { clientNetwork, type MachineNetwork, networkOf } from './network.ts';
import type { Variant } from '../../fixtures/variant.ts';
import type { ImageFormat } from '../build/image.ts';
import { HOST_QEMU } from '../host/qemu.ts';
import { guestQemu, hostQemu, type QemuPaths } from './qemu-argv.ts';
import { kernelCommandLine } from './kernel-command-line.ts';

export type Accelerator = 'tcg' | 'kvm';

/** Where things are on the host. Symbols such as `$IMAGE` do for a plan that is only printed. */
export interface HostPaths {
  readonly kernel: string;
  readonly image: string;
  /** The QEMU of virtual time, where there is one; everything else is emulated by the host's. */
  readonly emulator?: string | undefined;
  /** Sockets, keys and logs of the running testbed. */
  readonly runtime: string;
}

/** What is asked of a machine, wherever it comes from. */
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
  /** What its kernel's DVH mechanisms are set to before its guest is started; absent where none is asked for. */
  readonly dvhKnobs?: DvhKnobs | undefined;
}

/** A machine that QEMU makes, and that has not been started. */
export interface MachinePlan extends MachineNeeds {
  /** The machine that runs its QEMU. */
  readonly runsOn: 'host' | MachineName;
  readonly accelerator: Accelerator;
  readonly network: MachineNetwork;
  readonly kernelCommandLine: string;
  /** Of a kernel of its own; that of the image, where it has none. */
  readonly kernelRelease?: string;
  /** Those of its kernel parameters that a variant added. */
  readonly addedParameters: readonly string[];
  readonly qemu: {
    readonly argv: readonly string[];
    readonly qmpSocket: string;
    readonly consoleSocket: string;
  };
  /** vCPU to CPU of the machine that runs it; pinned before the first guest instruction. */
  readonly pins: readonly { readonly vcpu: number; readonly cpu: number }[];
  /** Through which machine SSH goes: a forward of the host's QEMU, or the server's bridge. */
  readonly sshFrom: 'host' | MachineName;
}

export interface StackPlan {
  readonly cell: Cell;
  readonly kind: BenchmarkKind;
  /** Of the server and all its levels. */
  readonly clock: Clock;
  readonly sizing: Sizing;
  readonly client: MachinePlan;
  /** The server (L0) first; last the level under test, or the one that runs it where that is a guest program. */
  readonly levels: readonly [MachinePlan, ...MachinePlan[]];
}

/**
 * How long each level takes to come up on two cores, for the time left. Measured over the whole matrix: L1 took 5.1 to
 * 17.3 s (where a device is assigned, its memory is pinned first), L2 7.1 to 15.6 s, L3 17.3 to 20.0 s.
 */
export const EXPECTED_SECONDS: Record<Level, number> = { 0: 3, 1: 7, 2: 11, 3: 19 };

/** Many times what is expected, so that a loaded machine is not taken for a hung guest. */
const DEADLINE_SECONDS: Record<Level, number> = { 0: 60, 1: 90, 2: 180, 3: 400 };

/** The level that runs a level's QEMU. */
const BELOW = { 1: 0, 2: 1, 3: 2 } as const;

/** Where a level keeps its guest's sockets: made by the image's init. */
export const LEVEL_RUNTIME = '/run/nestbench';
/** The QEMU in the image. */
const IMAGE_QEMU = 'qemu-system-x86_64';
/** The kernel in the image: what a level boots its guest from. */
const LEVEL_KERNEL = '/boot/vmlinux';

/** Plans a cell. Pure: the same arguments give the same plan. */
export function planStack(cell: Cell, host: Host): StackPlan {
  const { clock = 'real', kind = 'application' } = host;
  const sizing = clock === 'virtual' ? { ...host.sizing, cpus: ONE_CPU } : host.sizing;
  const on = { ...host, sizing };
  // The client has a clock of its own, and nothing to do with what is measured in virtual time.
  const client = planClient({ ...host, clock: 'real' });
  return { cell, kind, clock, sizing, client, levels: [planServer(cell, on), ...planGuests(cell, on)] };
}

/** What the guests of a cell are planned for, wherever its server comes from. */
export interface GuestHost {
  /** What runs the server's instructions. */
  readonly accelerator: Accelerator;
  readonly sizing: Sizing;
  /** What plays the server's network card where a function of it is assigned. */
  readonly card: NetworkCard;
  /** What a variant puts in the place of the default; nothing where there is none. */
  readonly variant?: Pick<Variant, 'kernelParameters' | 'qemu'> | undefined;
  /** What is measured at its last level; an application where that is not said. */
  readonly kind?: BenchmarkKind | undefined;
  /** Other addresses than the artifact's. */
  readonly addresses?: typeof ADDRESSES;
  /** Releases of the levels that have a kernel of their own, which the level below finds under {@link ownKernel}. */
  readonly kernels?: Partial<Record<MachineName, string>> | undefined;
  /** Versions of the QEMUs of levels that have one of their own to run the next with, under {@link ownQemu}. */
  readonly qemus?: Partial<Record<MachineName, string>> | undefined;
  /** Where the server has the image and the keys for its guest; its own disks, where that is not said. */
  readonly serverDisks?: GuestDisks;
  /** Of the image that they boot from; erofs, where that is not said. */
  readonly imageFormat?: ImageFormat;
}

/** What the emulated testbed's machines are planned for. */
interface Host extends GuestHost {
  readonly paths: HostPaths;
  /** By which clock its server lives; real where that is not said. */
  readonly clock?: Clock | undefined;
  /** The rate of the host's TSC, which emulated machines share; a symbol does for a plan that is only printed. */
  readonly tscKhz?: number | '$TSC_KHZ' | undefined;
}

/** Two files or block devices. */
export type GuestDisks = Pick<QemuPaths, 'image' | 'seed'>;

/** What a stack is for. */
export type BenchmarkKind = 'application' | 'micro';

/** In virtual time CPUs would only take turns: with one, events always come in the same order. */
const ONE_CPU: Sizing['cpus'] = { last: 1, reservedOnServer: 0, reservedInGuests: 0 };

/** The levels above L0 that a cell boots, L1 first; none where L0 is under test. */
export function planGuests(cell: Cell, host: GuestHost): MachinePlan[] {
  // The guest program of a microbenchmark is the level under test itself: the stack ends below it.
  const last = host.kind === 'micro' ? cell.level - 1 : cell.level;
  return ([1, 2, 3] as const).filter((level) => level <= last).map((level) => planGuest(cell, level, host));
}

/** What a cell asks of one of its levels, on every testbed. */
export function needsOf(
  cell: Cell,
  level: Level,
  { sizing, card, addresses = ADDRESSES }: GuestHost,
): MachineNeeds & { readonly network: MachineNetwork } {
  const name = `l${level}` as const;
  const { dvh, virtualIdle } = configurationOf(cell);
  return {
    name,
    level,
    cpus: cpusAt(sizing, level, cell.level),
    memoryMiB: memoryMiBAt(sizing, level, cell.level),
    address: addresses[name],
    network: networkOf(cell, level, card),
    deadlineSeconds: DEADLINE_SECONDS[level],
    runsGuests: level < cell.level,
    // A level nests where its guest runs guests of its own: as the artifact's tables have it (kvm-intel.nested=1).
    nested: level + 1 < cell.level,
    // That L1 is idle, L0 sees in any case. Stock software passes it on for the level under test; DVH's knob, for all others.
    virtualIdle: dvh === undefined ? level === cell.level && virtualIdle === true : level > 1,
    ...(dvh !== undefined &&
      level < cell.level && { dvhKnobs: level === 0 ? dvh.serverKnobs : dvh.guestKnobs }),
  };
}

/** A level with its kernel's command line. */
function withKernel(
  cell: Cell,
  level: Level,
  host: GuestHost,
  tscKhz?: number | string,
): Omit<MachinePlan, 'runsOn' | 'accelerator' | 'qemu' | 'pins' | 'sshFrom'> {
  const needs = needsOf(cell, level, host);
  const { name, address, network, runsGuests, nested } = needs;
  const added = host.variant?.kernelParameters?.[name];
  const commandLine = kernelCommandLine({
    name,
    address: `${address}/${PREFIX_LENGTH}`,
    bridge: network.bridge,
    management: level === 0,
    iommu: softwareAt(cell, level).parameters.includes(IOMMU),
    emulated: host.accelerator === 'tcg',
    imageFormat: host.imageFormat ?? 'erofs',
    tscKhz,
    kvm: runsGuests ? { nested } : undefined,
    added,
  });
  return { ...needs, kernelCommandLine: commandLine, addedParameters: added ?? [] };
}

function planServer(cell: Cell, host: Host): MachinePlan {
  const server = withKernel(cell, 0, host, emulatedTsc(host));
  return { ...server, ...onHost(server, 'server', host) };
}

function planGuest(cell: Cell, level: Exclude<Level, 0>, host: GuestHost): MachinePlan {
  const common = withKernel(cell, level, host);
  const { name, cpus, memoryMiB, network, virtualIdle, kernelCommandLine: commandLine } = common;
  const below = BELOW[level];
  const version = host.qemus?.[`l${below}`];
  const { dvh } = configurationOf(cell);
  const hostCpus = cpusAt(host.sizing, below, cell.level);
  const paths = levelPaths(name, host.kernels?.[name], level === 1 ? host.serverDisks : undefined);
  return {
    ...common,
    ...(host.kernels?.[name] !== undefined && { kernelRelease: host.kernels[name] }),
    runsOn: `l${below}`,
    accelerator: 'kvm',
    qemu: {
      argv: guestQemu({
        program: version === undefined ? IMAGE_QEMU : ownQemu(`l${below}`),
        isVintage: version !== undefined && isVintageQemu(version),
        cpus,
        memoryMiB,
        commandLine,
        network,
        paths,
        // DVH's own way to it is a knob of the kernel.
        passesHalts: virtualIdle && dvh === undefined,
        dvh: dvh && { ...dvh, isBelow: softwareAt(cell, below).qemu === DVH_QEMU },
      }),
      qmpSocket: paths.qmpSocket,
      consoleSocket: paths.consoleSocket,
    },
    // One to one on the highest-numbered CPUs; the lowest stay for the host, where the sizing keeps any.
    pins: Array.from({ length: cpus }, (_, vcpu) => ({ vcpu, cpu: hostCpus - cpus + vcpu })),
    sshFrom: 'l0',
  };
}

/** KVM tells its guests the rate; only under emulation a kernel has to find it out. */
function emulatedTsc({ accelerator, clock, tscKhz }: Host): number | '$TSC_KHZ' | undefined {
  if (clock === 'virtual') return VIRTUAL_TSC_KHZ;
  return accelerator === 'tcg' ? tscKhz : undefined;
}

/** The client is as large as the level under test, so that it is never the smaller side. */
function planClient(host: Host): MachinePlan {
  const common = {
    name: 'client',
    level: 0,
    cpus: host.sizing.cpus.last,
    memoryMiB: host.sizing.memoryMiB,
    address: ADDRESSES.client,
    network: clientNetwork(),
    kernelCommandLine: kernelCommandLine({
      name: 'client',
      address: `${ADDRESSES.client}/${PREFIX_LENGTH}`,
      bridge: undefined,
      management: true,
      iommu: false,
      emulated: host.accelerator === 'tcg',
      imageFormat: host.imageFormat ?? 'erofs',
      tscKhz: emulatedTsc(host),
      kvm: undefined,
      added: host.variant?.kernelParameters?.client,
    }),
    addedParameters: host.variant?.kernelParameters?.client ?? [],
    deadlineSeconds: DEADLINE_SECONDS[0],
    runsGuests: false,
    nested: false,
    virtualIdle: false,
  } as const;
  return { ...common, ...onHost(common, 'client', host) };
}

/** What makes a machine one of the host's two. */
function onHost(
  machine: Pick<MachinePlan, 'name' | 'cpus' | 'memoryMiB' | 'kernelCommandLine' | 'network'>,
  end: 'server' | 'client',
  { accelerator, clock = 'real', variant, paths: { kernel, image, emulator, runtime } }: Host,
): Pick<MachinePlan, 'runsOn' | 'accelerator' | 'qemu' | 'pins' | 'sshFrom'> {
  const paths: QemuPaths = {
    kernel,
    image,
    seed: seedFile(runtime),
    qmpSocket: `${runtime}/${machine.name}.qmp`,
    consoleSocket: `${runtime}/${machine.name}.console`,
  };
  return {
    runsOn: 'host',
    accelerator,
    qemu: {
      argv: hostQemu({
        program: variant?.qemu ?? (clock === 'virtual' ? emulator : undefined) ?? HOST_QEMU,
        cpus: machine.cpus,
        memoryMiB: machine.memoryMiB,
        commandLine: machine.kernelCommandLine,
        network: machine.network,
        paths,
        accelerator,
        clock,
        pidFile: `${runtime}/${machine.name}.pid`,
        wire:
          end === 'server'
            ? { local: `${runtime}/wire.server`, remote: `${runtime}/wire.client` }
            : { local: `${runtime}/wire.client`, remote: `${runtime}/wire.server` },
      }),
      qmpSocket: paths.qmpSocket,
      consoleSocket: paths.consoleSocket,
    },
    // The host's scheduler places these: on two cores, a server and a client have nowhere of their own to be.
    pins: [],
    sshFrom: 'host',
  };
}

/** The disk that carries the keys to every level. */
export function seedFile(runtime: string): string {
  return `${runtime}/seed.tar`;
}

/** A level's own disks, handed on read-only: no level copies the image. */
const OWN_DISKS: GuestDisks = { image: '/dev/vda', seed: '/dev/vdb' };

/** Where every level has the QEMU of one that has its own; as its kernel, it comes with the keys. */
export function ownQemu(name: MachineName): string {
  // Whose CPU time is the benchmark's is known by the program's name (setup/measure/window.ts).
  return `/opt/nestbench/${name}/${IMAGE_QEMU}`;
}

/** Where every level has the kernel of one that has its own: it comes with the keys. */
export function ownKernel(name: MachineName): string {
  return `/boot/kernel-${name}`;
}

function levelPaths(name: MachineName, release: string | undefined, disks = OWN_DISKS): QemuPaths {
  return {
    kernel: release === undefined ? LEVEL_KERNEL : ownKernel(name),
    ...disks,
    qmpSocket: `${LEVEL_RUNTIME}/${name}.qmp`,
    consoleSocket: `${LEVEL_RUNTIME}/${name}.console`,
  };
}
