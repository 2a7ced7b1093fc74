/** QEMU's argument vectors: of the two machines that the host emulates, and of the guests inside. */
import type { Clock } from '../../fixtures/clock.ts';
import type { Dvh } from '../../fixtures/configurations/configuration.ts';
import {
  type DeviceToAssign,
  type MachineNetwork,
  MANAGEMENT_SLOT,
  ROOT_PORT_SLOT,
  slotOf,
} from './network.ts';
import type { Accelerator } from './machine-plan.ts';

export interface QemuPaths {
  readonly kernel: string;
  readonly image: string;
  /** A tar archive with the run's keys, as a disk. */
  readonly seed: string;
  readonly qmpSocket: string;
  readonly consoleSocket: string;
}

interface QemuOptions {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly commandLine: string;
  readonly network: MachineNetwork;
  readonly paths: QemuPaths;
}

/**
 * The emulated silicon: an EPYC with SVM, less what TCG does not have, and with virtual VMLOAD/VMSAVE forced on. KVM
 * then uses it at every level; it cuts an L3 exit five times (docs/emulated-testbed.md), so it is a named setting of the machine
 * that is measured, recorded with every experiment.
 */
export const EMULATED_CPU = [
  'EPYC-v1,+svm,+npt,+vgif,+svme-addr-chk,+v-vmsave-vmload,+invtsc',
  '-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext,-nrip-save,-xsavec',
  'x-force-features=on',
].join(',');

/**
 * An instruction is a nanosecond. While all vCPUs are idle, time goes on as the host's does (sleep=on, the default): else it
 * would jump from timer to timer, and a guest that waits for us would see hours pass in a second.
 */
const VIRTUAL_TIME = ['-icount', 'shift=0'];

/** A q35 with qboot, which starts an uncompressed PVH kernel without a firmware menu, and without unused devices. */
const Q35 = 'q35,usb=off,smbus=off,sata=off,vmport=off';

/** A PC of PCIe and virtio alone; its virtio-net-pci with MSI-X is the artifact's device. Boots faster than q35. */
const MICROVM = 'microvm,pcie=on,pit=off,pic=off,rtc=off,isa-serial=off,x-option-roms=off';

export function hostQemu(
  options: QemuOptions & {
    readonly program: string;
    readonly accelerator: Accelerator;
    readonly clock: Clock;
    readonly pidFile: string;
    /** Two Unix sockets play the private wire between server and client (QEMU's -netdev dgram). */
    readonly wire: { readonly local: string; readonly remote: string };
  },
): string[] {
  const { program, accelerator, clock, wire, network, pidFile } = options;
  const ends = `local.type=unix,local.path=${wire.local},remote.type=unix,remote.path=${wire.remote}`;
  const { assigns } = network;
  return [
    [program],
    // An interrupt-remapping vIOMMU needs the IOAPIC in QEMU; where there is KVM, that is a choice.
    ['-M', assigns !== undefined && accelerator === 'kvm' ? `${Q35},kernel-irqchip=split` : Q35],
    ['-bios', 'qboot.rom'],
    ...(clock === 'virtual'
      ? [['-accel', 'tcg,thread=single'], VIRTUAL_TIME]
      : [['-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi']]),
    ['-cpu', accelerator === 'kvm' ? 'host' : EMULATED_CPU],
    common(options),
    ['-netdev', `dgram,id=wire,${ends}`],
    ...(assigns === undefined
      ? [['-device', ownNic('wire', network)]]
      : [
          ['-netdev', 'hubport,id=wire-port,hubid=0,netdev=wire'],
          ['-netdev', 'hubport,id=own-port,hubid=0'],
          ['-device', ownNic('own-port', network)],
          ['-netdev', 'hubport,id=function-port,hubid=0'],
          madeToAssign('function-port', assigns),
        ]),
    // Port 0: the kernel picks a free one, and QMP's `info usernet` tells which.
    ['-netdev', 'user,id=management,restrict=on,hostfwd=tcp:127.0.0.1:0-:22'],
    ['-device', `virtio-net-pci,netdev=management,romfile=,addr=0x${MANAGEMENT_SLOT}`],
    ['-pidfile', pidFile],
  ].flat();
}

/** The DVH QEMU's own. */
export const DVH_OPTION = '-dvh';

export function guestQemu(
  options: QemuOptions & {
    readonly program: string;
    /** Whether it has no machine but q35. */
    readonly isVintage: boolean;
    /** Whether its KVM is not to trap the guest's HLT. */
    readonly passesHalts: boolean;
    /** Where this is the DVH QEMU, what is asked of it. */
    readonly dvh?: Dvh | undefined;
  },
): string[] {
  const { program, network, isVintage, passesHalts, dvh } = options;
  const { nic, assigns, assignedFrom } = network;
  return [
    [program],
    machineOf(assigns !== undefined, isVintage),
    ['-bios', 'qboot.rom'],
    ['-accel', 'kvm'],
    ['-cpu', 'host'],
    ...(passesHalts ? [['-overcommit', 'cpu-pm=on']] : []),
    ...(dvh === undefined ? [] : [[DVH_OPTION, dvh.qemuOption]]),
    common(options, dvh?.iommuProperty),
    ...(nic.kind === 'virtio'
      ? [
          ['-netdev', tap('wire', 'tap0')],
          ['-device', ownNic('wire', network)],
        ]
      : []),
    ...(assigns?.kind === 'made'
      ? [['-netdev', `${tap('assigned', 'tap1')},vhostforce=on`], madeToAssign('assigned', assigns)]
      : []),
    ...(assigns?.kind === 'assigned'
      ? [[...rootPort(), '-device', `vfio-pci,host=${assignedFrom},bus=root-port`]]
      : []),
    ...(nic.kind === 'assigned'
      ? [['-device', `vfio-pci,host=${assignedFrom},addr=0x${slotOf(nic.pciAddress)},romfile=`]]
      : []),
    // It returns once its sockets listen: asking for them meanwhile would cost the level that loads QEMU.
    ['-daemonize'],
  ].flat();
}

function machineOf(assigns: boolean, isVintage: boolean): string[] {
  // microvm has no vIOMMU; and a vIOMMU that remaps interrupts needs the IOAPIC in QEMU.
  if (!assigns && !isVintage) return ['-M', MICROVM];
  const split = assigns ? ',kernel-irqchip=split' : '';
  // A property of the machine from 5.2 on.
  return isVintage ? ['-M', `${Q35}${split}`, '-no-hpet'] : ['-M', `${Q35},hpet=off${split}`];
}

/** @param iommuProperty one more of the vIOMMU's, where there is one. */
function common(
  { cpus, memoryMiB, commandLine, paths, network }: QemuOptions,
  iommuProperty?: string,
): string[] {
  return [
    ['-smp', String(cpus)],
    ['-m', `${memoryMiB}M`],
    ['-nodefaults'],
    ['-no-user-config'],
    ['-display', 'none'],
    ['-no-reboot'],
    // Stopped until its vCPUs are pinned and somebody listens on its console.
    ['-S'],
    ['-kernel', paths.kernel],
    ['-append', commandLine],
    // Before the devices that are behind it.
    ...(network.assigns === undefined ? [] : [['-device', vIommu(network.assigns, iommuProperty)]]),
    disk('image', paths.image),
    disk('seed', paths.seed),
    ['-device', 'virtio-serial-pci'],
    ['-chardev', `socket,id=console,path=${paths.consoleSocket},server=on,wait=off`],
    ['-device', 'virtconsole,chardev=console'],
    ['-object', 'rng-random,id=random,filename=/dev/urandom'],
    ['-device', 'virtio-rng-pci,rng=random'],
    ['-qmp', `unix:${paths.qmpSocket},server=on,wait=off`],
  ].flat();
}

function disk(id: string, file: string): string[] {
  return [
    ['-drive', `if=none,id=${id},file=${file},format=raw,readonly=on`],
    ['-device', `virtio-blk-pci,drive=${id}`],
  ].flat();
}

/** The artifact's NIC: virtio-net-pci, modern; without the option ROM that would wait for a network boot. */
function ownNic(netdev: string, { nic }: MachineNetwork): string {
  const { mac, pciAddress } = nic;
  return `virtio-net-pci,netdev=${netdev},mac=${mac},disable-legacy=on,romfile=,addr=0x${slotOf(pciAddress)}`;
}

/** Its downscript is none: the tap goes with its QEMU. */
function tap(id: string, interfaceName: string): string {
  return `tap,id=${id},ifname=${interfaceName},script=/usr/sbin/nestbench-ifup,downscript=no,vhost=on`;
}

/**
 * The artifact's vIOMMU: with interrupt remapping, without which VFIO assigns no device safely. Where the device came
 * by VFIO, each mapping must be seen by QEMU as it is made (caching-mode); where QEMU's own vhost is behind it, vhost
 * keeps the translations (device-iotlb).
 */
function vIommu({ kind, device }: DeviceToAssign, ...more: (string | undefined)[]): string {
  return [
    // 512 GiB by three levels of tables, QEMU 7.2's default; from 10 on it is 48, which VFIO refuses above one of 39.
    'intel-iommu,intremap=on,aw-bits=39',
    ...(kind === 'assigned' ? ['caching-mode=on'] : []),
    ...(kind === 'made' && device === 'virtio' ? ['device-iotlb=on'] : []),
    ...more.filter((property) => property !== undefined),
  ].join(',');
}

function rootPort(): string[] {
  return ['-device', `pcie-root-port,id=root-port,chassis=1,addr=0x${ROOT_PORT_SLOT}`];
}

/** The device that a machine gets in order to hand it on: its DMA goes through the vIOMMU. */
function madeToAssign(netdev: string, { mac, device, functionOf }: DeviceToAssign): string[] {
  if (functionOf !== undefined) {
    return [...rootPort(), '-device', `igb,netdev=${netdev},mac=${functionOf.mac},bus=root-port,romfile=`];
  }
  // vhost asks for its translations as a PCIe device with ATS does.
  const ats = device === 'virtio' ? ',ats=on' : '';
  return [
    ...rootPort(),
    '-device',
    `virtio-net-pci,netdev=${netdev},mac=${mac},bus=root-port,iommu_platform=on,disable-legacy=on${ats},romfile=`,
  ];
}
