/**
 * The whole boot of a cell on the emulated testbed, as data, before anything runs: which machine runs where, with which
 * QEMU and kernel command line, how it is reached, and what is checked once it is up. The booter only executes this;
 * `npm run plan -- CELL` prints it.
 */
import type { BenchmarkKind } from '../../../fixtures/benchmarks/benchmark.ts';
import { ADDRESSES, PREFIX_LENGTH } from '../../../fixtures/addresses.ts';
import { type Clock, VIRTUAL_TSC_KHZ } from '../../../fixtures/clock.ts';
import { assignCpus, type HostCpu, type Lane, type VcpuCounts } from '../../../fixtures/host-cpus.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import { cpusAt, type Sizing } from '../../../fixtures/sizing.ts';
import { DEADLINE_SECONDS, type GuestHost, planGuests, withKernel } from '../../stack/guest-plan.ts';
import { kernelParameters } from '../../stack/kernel-command-line.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import { clientNetwork } from '../../stack/network.ts';
import { seedFile } from '../../stack/keys.ts';
import type { QemuPaths } from '../../stack/qemu-parts.ts';
import { hostQemu } from './emulated-qemu.ts';

/** Paths on the host. Symbols such as `$IMAGE` are enough for a plan that is only printed. */
export interface HostPaths {
  readonly kernel: string;
  readonly image: string;
  /** The QEMU of the server and the client, unless the variant names another. */
  readonly emulator: string;
  /** The directory of the programs that keep their state. */
  readonly tools: string;
  /** Sockets, keys and logs of the running testbed. */
  readonly runtime: string;
}

export interface StackPlan {
  readonly cell: Cell;
  readonly kind: BenchmarkKind;
  /** Of the server and all its levels. */
  readonly clock: Clock;
  readonly sizing: Sizing;
  /** The CPUs of the host that it has for itself, if others run side by side. */
  readonly hostCpus?: readonly number[];
  /** How its snapshot is kept. */
  readonly saved: SavedAs;
  readonly client: MachinePlan;
  /** The server (L0) first; last the level under test, or the one that runs it if that is a guest program. */
  readonly levels: readonly [MachinePlan, ...MachinePlan[]];
}

/** Plans a cell. Pure: the same arguments give the same plan. */
export function planStack(cell: Cell, host: Host): StackPlan {
  const { clock = 'real', kind = 'application', lane } = host;
  const sizing = sizingAt(clock, host.sizing);
  const on = { ...host, sizing, hasKernelDvh: true };
  const pins = pinsOf(cell, host);
  // The client has its own clock; it is not involved in measurements in virtual time.
  const client = { ...planClient({ ...host, clock: 'real' }), pins: pins.client };
  const server = { ...planServer(cell, on), pins: pins.server };
  const hostCpus = lane && [...new Set(lane.map(({ cpu }) => cpu))].toSorted((one, other) => one - other);
  const levels = [server, ...planGuests(cell, on)] as const;
  return { cell, kind, clock, sizing, ...(hostCpus && { hostCpus }), saved: savedAs(host), client, levels };
}

/** How the state of the host's two machines is kept. */
export interface SavedAs {
  /** `pages`: a sparse file, from which the emulator maps the memory (11-map-saved-pages.patch). Others have to read it. */
  readonly form: 'pages' | 'compressed';
  /** The directory of `zstd` and `checksum`. */
  readonly tools: string;
}

/** KVM runs faster in memory of its own, which can have huge pages; and another QEMU can't map it. */
function savedAs({ accelerator, variant, paths: { tools } }: Host): SavedAs {
  return { form: accelerator === 'tcg' && variant?.qemu === undefined ? 'pages' : 'compressed', tools };
}

/** What the emulated testbed's machines are planned for. */
interface Host extends GuestHost {
  readonly paths: HostPaths;
  /** The server's clock; by default real. */
  readonly clock?: Clock | undefined;
  /** The rate of the host's TSC, which emulated machines share; a symbol is enough for a plan that is only printed. */
  readonly tscKhz?: number | '$TSC_KHZ' | undefined;
  /** The host's CPUs, for accelerator kvm: the vCPUs of an emulated server and its client are not pinned. */
  readonly hostCpus?: readonly HostCpu[] | undefined;
  /** Those of them that the stack has for itself while others run side by side. There emulated vCPUs are pinned, too. */
  readonly lane?: Lane | undefined;
}

/** In virtual time CPUs would only take turns; with one, events always come in the same order. */
const ONE_CPU: Sizing['cpus'] = { last: 1, reservedOnServer: 0, reservedInGuests: 0 };

function sizingAt(clock: Clock, sizing: Sizing): Sizing {
  return clock === 'virtual' ? { ...sizing, cpus: ONE_CPU } : sizing;
}

/** How many vCPUs the server and the client of a cell have. */
export function vcpusOf({ level }: Cell, clock: Clock, sizing: Sizing): VcpuCounts {
  return { server: cpusAt(sizingAt(clock, sizing), 0, level), client: sizing.cpus.last };
}

function planServer(cell: Cell, host: Host): Unpinned {
  const server = withKernel(cell, 0, host, emulatedTsc(host));
  return { ...server, ...onHost(server, 'server', host) };
}

/** KVM reports the rate to its guests; only under emulation a kernel has to measure it. */
function emulatedTsc({ accelerator, clock, tscKhz }: Host): number | '$TSC_KHZ' | undefined {
  if (clock === 'virtual') return VIRTUAL_TSC_KHZ;
  return accelerator === 'tcg' ? tscKhz : undefined;
}

/** The client has the size of the level under test, so that it is never the smaller side. */
function planClient(host: Host): Unpinned {
  const common = {
    name: 'client',
    level: 0,
    cpus: host.sizing.cpus.last,
    memoryMiB: host.sizing.memoryMiB,
    address: ADDRESSES.client,
    network: clientNetwork(),
    kernelParameters: kernelParameters({
      name: 'client',
      address: `${ADDRESSES.client}/${PREFIX_LENGTH}`,
      bridge: undefined,
      management: true,
      iommu: false,
      emulated: host.accelerator === 'tcg',
      tscKhz: emulatedTsc(host),
      kvm: undefined,
      added: host.variant?.kernelParameters?.client,
    }),
    deadlineSeconds: DEADLINE_SECONDS[0],
    runsGuests: false,
    nested: false,
    virtualIdle: false,
  } as const;
  return { ...common, ...onHost(common, 'client', host) };
}

type Unpinned = Omit<MachinePlan, 'pins'>;

function pinsOf(
  cell: Cell,
  { accelerator, clock = 'real', sizing, hostCpus, lane }: Host,
): Record<'server' | 'client', MachinePlan['pins']> {
  const cpus = lane ?? (accelerator === 'kvm' ? hostCpus : undefined);
  const assigned = cpus && assignCpus(cpus, vcpusOf(cell, clock, sizing));
  return { server: toPins(assigned?.server), client: toPins(assigned?.client) };
}

function toPins(cpus: readonly number[] = []): MachinePlan['pins'] {
  return cpus.map((cpu, vcpu) => ({ vcpu, cpu }));
}

/** Adds what one of the host's two machines needs. */
function onHost(
  { name, network }: Pick<MachinePlan, 'name' | 'network'>,
  end: 'server' | 'client',
  { accelerator, clock = 'real', variant, paths: { kernel, image, emulator, runtime } }: Host,
): Pick<MachinePlan, 'runsOn' | 'accelerator' | 'qemu' | 'sshFrom'> {
  const paths: QemuPaths = {
    kernel,
    image,
    seed: seedFile(runtime),
    qmpSocket: `${runtime}/${name}.qmp`,
    consoleSocket: `${runtime}/${name}.console`,
  };
  return {
    runsOn: 'host',
    accelerator,
    qemu: hostQemu({
      program: variant?.qemu ?? emulator,
      network,
      paths,
      accelerator,
      clock,
      pidFile: `${runtime}/${name}.pid`,
      wire:
        end === 'server'
          ? { local: `${runtime}/wire.server`, remote: `${runtime}/wire.client` }
          : { local: `${runtime}/wire.client`, remote: `${runtime}/wire.server` },
    }),
    sshFrom: 'host',
  };
}
