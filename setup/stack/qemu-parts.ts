/** The parts of the machines of a stack, whoever starts their QEMU. */
import { qemuHas } from '../../fixtures/qemu-version.ts';
import { type DeviceToAssign, type MachineNetwork, ROOT_PORT_SLOT, slotOf } from './network.ts';
import { LISTENS } from './qemu-argv.ts';
import type { Part, Properties, QemuPlan } from './qemu-plan.ts';

export interface QemuPaths {
  readonly kernel: string;
  readonly image: string;
  /** A tar archive with the run's keys, as a disk. */
  readonly seed: string;
  /** A disk image of the user's that the machine boots. */
  readonly own?: string | undefined;
  /** Such images of levels inside it, by the level's name. */
  readonly passed?: readonly (readonly [level: string, file: string])[];
  /** A disk for data, if the machine has one. */
  readonly data?: string;
  readonly qmpSocket: string;
  readonly consoleSocket: string;
}

/** A q35 without unused devices; with qboot it starts an uncompressed PVH kernel without a firmware menu. */
export const Q35: Properties = { usb: 'off', smbus: 'off', sata: 'off', vmport: 'off' };

/** A vIOMMU that remaps interrupts needs the IOAPIC in QEMU, which must be selected under KVM. */
export const SPLIT_IRQCHIP: Properties = { 'kernel-irqchip': 'split' };

/**
 * @param version that of the QEMU; by default a current one.
 * @param iommuProperties additional properties of the vIOMMU, if there is one.
 */
export function commonQemu(
  paths: QemuPaths,
  { assigns }: MachineNetwork,
  version?: string,
  iommuProperties?: Properties,
): Pick<QemuPlan, 'firmware' | 'isBare' | 'kernel' | 'devices' | 'qmpSocket' | 'consoleSocket'> {
  const { kernel, own, image, seed, data, passed = [], qmpSocket, consoleSocket } = paths;
  return {
    firmware: 'qboot.rom',
    isBare: true,
    kernel,
    devices: [
      // Before the devices that are behind it.
      ...(assigns === undefined ? [] : [vIommu(assigns, version, iommuProperties)]),
      ...(own === undefined ? [] : ownDisk(own)),
      ...disk('image', image),
      ...disk('seed', seed),
      // With its default of 31 ports it has 64 queues, and to set them up took 1.5 s at L3.
      device('virtio-serial-pci', { max_ports: '1' }),
      {
        option: 'chardev',
        type: 'socket',
        properties: { id: 'console', path: consoleSocket, ...LISTENS },
      },
      device('virtconsole', { chardev: 'console' }),
      { option: 'object', type: 'rng-random', properties: { id: 'random', filename: '/dev/urandom' } },
      device('virtio-rng-pci', { rng: 'random' }),
      ...(data === undefined ? [] : dataDisk(data)),
      ...passed.flatMap(([level, file]) => disk(`own-${level}`, file)),
    ],
    qmpSocket,
    consoleSocket,
  };
}

export function device(type: string, properties: Properties = {}): Part {
  return { option: 'device', type, properties };
}

export function netdev(type: string, id: string, properties: Properties): Part {
  return { option: 'netdev', type, properties: { id, ...properties } };
}

function disk(id: string, file: string): Part[] {
  return [
    { option: 'drive', properties: { if: 'none', id, file, format: 'raw', readonly: 'on' } },
    device('virtio-blk-pci', { drive: id }),
  ];
}

/** What the guest writes goes to a temporary file of QEMU's, so that each boot begins with the user's file as it is. */
function ownDisk(file: string): Part[] {
  return [
    { option: 'drive', properties: { if: 'none', id: 'own', file, format: 'raw', snapshot: 'on' } },
    device('virtio-blk-pci', { drive: 'own' }),
  ];
}

/** The artifact's disk: the guest's writes pass the page cache of the machine that runs it. */
function dataDisk(file: string): Part[] {
  return [
    { option: 'drive', properties: { if: 'none', id: 'data', file, format: 'raw', cache: 'none' } },
    device('virtio-blk-pci', { drive: 'data' }),
  ];
}

/** The artifact's NIC: modern virtio-net-pci, without the option ROM that would wait for a network boot. */
export function ownNic(behind: string, { nic: { mac, pciAddress } }: MachineNetwork): Part {
  return device('virtio-net-pci', {
    netdev: behind,
    mac,
    'disable-legacy': 'on',
    romfile: '',
    addr: `0x${slotOf(pciAddress)}`,
  });
}

/**
 * The artifact's vIOMMU: with interrupt remapping, which VFIO needs to assign a device safely. If the device came by
 * VFIO, QEMU must see each mapping as it is made (caching-mode); if QEMU's own vhost is behind it, vhost keeps the
 * translations (device-iotlb).
 */
function vIommu(assigns: DeviceToAssign, version: string | undefined, more: Properties = {}): Part {
  return device('intel-iommu', {
    intremap: 'on',
    ...(qemuHas(version, 'wideIommu') && { 'aw-bits': '39' }),
    ...(assigns.kind === 'assigned' && { 'caching-mode': 'on' }),
    ...(assigns.kind === 'made' && assigns.device === 'virtio' && { 'device-iotlb': 'on' }),
    ...more,
  });
}

/** What is behind it has its own IOMMU group. */
export function rootPort(): Part {
  return device('pcie-root-port', { id: 'root-port', chassis: '1', addr: `0x${ROOT_PORT_SLOT}` });
}

/** The device that a machine gets in order to assign it to its guest: its DMA goes through the vIOMMU. */
export function madeToAssign(behind: string, { mac, device: kind, functionOf }: DeviceToAssign): Part[] {
  if (functionOf !== undefined) {
    return [
      rootPort(),
      device('igb', { netdev: behind, mac: functionOf.mac, bus: 'root-port', romfile: '' }),
    ];
  }
  return [
    rootPort(),
    device('virtio-net-pci', {
      netdev: behind,
      mac,
      bus: 'root-port',
      iommu_platform: 'on',
      'disable-legacy': 'on',
      // vhost requests its translations as a PCIe device with ATS does.
      ...(kind === 'virtio' && { ats: 'on' }),
      romfile: '',
    }),
  ];
}
