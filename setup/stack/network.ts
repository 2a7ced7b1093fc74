/**
 * How each machine of a cell is connected to the experiment's network, as data: its own NIC, the device that it assigns
 * to its guest by VFIO, and what its bridge connects.
 *
 * If a physical function is assigned, the wire between client and server ends in a hub, with the server's own NIC and
 * the function. A NIC behind a root port has its own IOMMU group.
 */
import type { BenchmarkKind } from '../../fixtures/benchmarks/benchmark.ts';
import { ADDRESSES, macAddress, type MachineName } from '../../fixtures/addresses.ts';
import {
  type AssignedDevice,
  FIRST_WITH,
  type NetworkCard,
  type PhysicalCard,
} from '../../fixtures/configurations/configuration.ts';
import { type Cell, configurationOf, type Level } from '../../fixtures/matrix.ts';

/** Where a machine's own virtio NIC is on its bus 0, so that it is known before anything boots. */
const OWN_SLOT = '10';
/** Where an assigned device is in a machine that keeps it. */
const ASSIGNED_SLOT = '11';
/** The root port of a device that will be assigned; the only bridge of its machine, so bus 1 is behind it. */
export const ROOT_PORT_SLOT = '11';
/**
 * The NIC for SSH from the host. It comes after the machine's own, because the kernel numbers its NICs in this order.
 */
export const MANAGEMENT_SLOT = '12';
const BEHIND_ROOT_PORT = '0000:01:00.0';

/** The artifact creates two virtual functions, and assigns one. */
const VIRTUAL_FUNCTIONS = 2;
/** The 82576's first virtual function comes 128 functions after its physical one (its datasheet, First VF Offset). */
const FIRST_VIRTUAL_FUNCTION = '0000:01:10.0';

/** The NIC with a machine's address, as it must be found there. */
export interface OwnNic {
  /** Its origin: a virtio NIC created by the machine's QEMU, or a device assigned by the level below. */
  readonly kind: 'virtio' | 'assigned';
  readonly mac: string;
  readonly driver: string;
  /** Its PCI address in the machine. */
  readonly pciAddress: string;
}

/** The device that a machine assigns to its guest. */
export interface DeviceToAssign {
  /** Its origin: created by the machine's QEMU, or assigned by the level below. */
  readonly kind: 'made' | 'assigned';
  readonly device: AssignedDevice;
  readonly mac: string;
  /** Its PCI address in the machine, where vfio-pci takes it. */
  readonly pciAddress: string;
  /**
   * The emulated card whose virtual function it is, which must be created first. On a physical one, the set-up creates
   * it.
   */
  readonly functionOf?: { readonly pciAddress: string; readonly mac: string };
}

export interface MachineNetwork {
  readonly nic: OwnNic;
  readonly assigns?: DeviceToAssign;
  /** The device's PCI address in the machine below, if it was assigned to this machine. */
  readonly assignedFrom?: string;
  /** What taps of the machine's guest join: a bridge with the machine's own NIC, or one with only its guests. */
  readonly bridge?: 'with-nic' | { readonly routesTo: readonly string[] };
}

/** What a cell's network depends on besides the cell. */
export interface NetworkHost {
  /** The server's network card, real or emulated, whose function is assigned; absent if none can be. */
  readonly card: NetworkCard | PhysicalCard | undefined;
  readonly addresses?: typeof ADDRESSES | undefined;
  /** What is measured at its last level; the guest program of `micro` has no network. */
  readonly kind?: BenchmarkKind | undefined;
}

export function networkOf(
  cell: Cell,
  level: Level,
  { card, addresses = ADDRESSES, kind }: NetworkHost,
): MachineNetwork {
  const { assigned } = kind === 'micro' ? {} : configurationOf(cell);
  const isLast = level === cell.level;
  const name: MachineName = `l${level}`;
  const virtio: OwnNic = {
    kind: 'virtio',
    mac: macAddress(2, level, 0),
    driver: 'virtio_net',
    pciAddress: onRootBus(OWN_SLOT),
  };
  if (assigned === undefined) return { nic: virtio, ...(isLast ? {} : { bridge: 'with-nic' }) };

  const first = FIRST_WITH[assigned];
  // The device keeps its MAC through all levels, which shows that it is the same one.
  const mac = macAddress(2, first, 1);
  const { driver, ...device } = assigned === 'physical' ? firstDevice(card) : MADE_DEVICE;
  const deviceAt = (at: Level): Pick<DeviceToAssign, 'pciAddress' | 'functionOf'> =>
    at === first ? device : { pciAddress: BEHIND_ROOT_PORT };
  const assignedFrom = level > first ? deviceAt(below(level)).pciAddress : undefined;
  if (isLast) {
    if (assignedFrom === undefined) throw new RangeError(`${cell.name}: ${name} has no level to get it from`);
    return {
      nic: {
        kind: 'assigned',
        mac,
        driver,
        pciAddress: onRootBus(ASSIGNED_SLOT),
      },
      assignedFrom,
    };
  }
  const bridge = bridgeOf(cell, level, assigned, addresses);
  return {
    nic: virtio,
    ...(level < first
      ? {}
      : {
          assigns: {
            kind: level === first ? 'made' : 'assigned',
            device: assigned,
            mac,
            ...deviceAt(level),
          },
        }),
    ...(assignedFrom === undefined ? {} : { assignedFrom }),
    ...(bridge === undefined ? {} : { bridge }),
  };
}

/** The device as the first level has it, and its driver at the last. */
type FirstDevice = Pick<DeviceToAssign, 'pciAddress' | 'functionOf'> & Pick<OwnNic, 'driver'>;

const MADE_DEVICE: FirstDevice = { pciAddress: BEHIND_ROOT_PORT, driver: 'virtio_net' };

function firstDevice(card: NetworkHost['card']): FirstDevice {
  switch (card) {
    case 'virtio-net-pci':
      return MADE_DEVICE;
    case 'igb':
      return {
        pciAddress: FIRST_VIRTUAL_FUNCTION,
        functionOf: { pciAddress: BEHIND_ROOT_PORT, mac: macAddress(2, FIRST_WITH.physical, 2) },
        driver: 'igbvf',
      };
    case undefined:
      throw new RangeError('no function of a card is assigned where there is no such card');
    default:
      return { pciAddress: card.firstFunction, driver: card.guestDriver };
  }
}

function below(level: Level): Level {
  return level === 3 ? 2 : level === 2 ? 1 : 0;
}

/**
 * If L0's guests use a physical function of their own, L0's bridge is not on the wire: a NIC in a bridge receives every
 * packet, and L0 would handle those of the level under test a second time. The levels in between are only reached from
 * L0, for SSH.
 */
function bridgeOf(
  cell: Cell,
  level: Level,
  assigned: AssignedDevice,
  addresses: typeof ADDRESSES,
): MachineNetwork['bridge'] {
  const between = ([1, 2, 3] as const).filter((each) => each > level && each < cell.level);
  if (level === 0 && assigned === 'virtio') return 'with-nic';
  if (between.length === 0) return undefined;
  return level === 0 ? { routesTo: between.map((each) => addresses[`l${each}`]) } : 'with-nic';
}

/** The client's network: the other end of the wire. */
export function clientNetwork(): MachineNetwork {
  return {
    nic: {
      kind: 'virtio',
      mac: macAddress(1, 0, 0),
      driver: 'virtio_net',
      pciAddress: onRootBus(OWN_SLOT),
    },
  };
}

function onRootBus(slot: string): string {
  return `0000:00:${slot}.0`;
}

/** `10` of `0000:00:10.0`: the format of QEMU's `addr=`, in hexadecimal. */
export function slotOf(pciAddress: string): string {
  return pciAddress.slice(-4, -2);
}

/**
 * Run on a machine before its guest's QEMU is started: creates the device, and binds it to vfio-pci
 * (setup/build/guest).
 */
export function assignCommands({ pciAddress, mac, functionOf }: DeviceToAssign): [...string[][], string[]] {
  return [
    ...(functionOf === undefined
      ? []
      : [['nestbench-virtual-functions', functionOf.pciAddress, String(VIRTUAL_FUNCTIONS), mac]]),
    ['nestbench-assign', pciAddress],
  ];
}
