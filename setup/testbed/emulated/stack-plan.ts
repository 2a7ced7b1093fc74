/**
 * The whole boot of a cell on the emulated testbed, as data, before anything runs: which machine runs where, with which
 * QEMU and kernel command line, how it is reached, and what is checked once it is up. The booter only executes this;
 * `npm run plan -- CELL` prints it.
 */
import type { BenchmarkKind } from '../../../fixtures/benchmarks/benchmark.ts';
import { ADDRESSES, PREFIX_LENGTH } from '../../../fixtures/addresses.ts';
import { type Clock, VIRTUAL_TSC_KHZ } from '../../../fixtures/clock.ts';
import { assignCpus, type HostCpu } from '../../../fixtures/host-cpus.ts';
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
  /** Compresses their state when they are saved. */
  readonly zstd: string;
  /** Sockets, keys and logs of the running testbed. */
  readonly runtime: string;
}

export interface StackPlan {
  readonly cell: Cell;
  readonly kind: BenchmarkKind;
  /** Of the server and all its levels. */
  readonly clock: Clock;
  readonly sizing: Sizing;
  /** Compresses its snapshot. */
  readonly zstd: string;
  readonly client: MachinePlan;
  /** The server (L0) first; last the level under test, or the one that runs it if that is a guest program. */
  readonly levels: readonly [MachinePlan, ...MachinePlan[]];
}

/** Plans a cell. Pure: the same arguments give the same plan. */
export function planStack(cell: Cell, host: Host): StackPlan {
  const { clock = 'real', kind = 'application' } = host;
  const sizing = clock === 'virtual' ? { ...host.sizing, cpus: ONE_CPU } : host.sizing;
  const on = { ...host, sizing, hasKernelDvh: true };
  // The client has its own clock; it is not involved in measurements in virtual time.
  const client = planClient(cell, { ...host, clock: 'real' });
  const { zstd } = host.paths;
  return { cell, kind, clock, sizing, zstd, client, levels: [planServer(cell, on), ...planGuests(cell, on)] };
}

/** What the emulated testbed's machines are planned for. */
interface Host extends GuestHost {
  readonly paths: HostPaths;
  /** The server's clock; by default real. */
  readonly clock?: Clock | undefined;
  /** The rate of the host's TSC, which emulated machines share; a symbol is enough for a plan that is only printed. */
  readonly tscKhz?: number | '$TSC_KHZ' | undefined;
  /** The host's CPUs, for accelerator kvm: those of an emulated server and its client are not pinned. */
  readonly hostCpus?: readonly HostCpu[] | undefined;
}

/** In virtual time CPUs would only take turns; with one, events always come in the same order. */
const ONE_CPU: Sizing['cpus'] = { last: 1, reservedOnServer: 0, reservedInGuests: 0 };

function planServer(cell: Cell, host: Host): MachinePlan {
  const server = withKernel(cell, 0, host, emulatedTsc(host));
  return { ...server, ...onHost(server, 'server', host), pins: pinsOf(cell, 'server', host) };
}

/** KVM reports the rate to its guests; only under emulation a kernel has to measure it. */
function emulatedTsc({ accelerator, clock, tscKhz }: Host): number | '$TSC_KHZ' | undefined {
  if (clock === 'virtual') return VIRTUAL_TSC_KHZ;
  return accelerator === 'tcg' ? tscKhz : undefined;
}

/** The client has the size of the level under test, so that it is never the smaller side. */
function planClient(cell: Cell, host: Host): MachinePlan {
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
  return { ...common, ...onHost(common, 'client', host), pins: pinsOf(cell, 'client', host) };
}

function pinsOf(
  cell: Cell,
  end: 'server' | 'client',
  { accelerator, sizing, hostCpus }: Host,
): MachinePlan['pins'] {
  if (accelerator === 'tcg' || hostCpus === undefined) return [];
  const vcpus = { server: cpusAt(sizing, 0, cell.level), client: sizing.cpus.last };
  return assignCpus(hostCpus, vcpus)?.[end].map((cpu, vcpu) => ({ vcpu, cpu })) ?? [];
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
