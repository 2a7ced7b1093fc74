/** QEMU's argument vectors: of the two machines that the host emulates, and of the guests inside. */
import type { Accelerator } from './plan.ts';

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
  readonly mac: string;
  readonly paths: QemuPaths;
}

/**
 * The emulated silicon: an EPYC with SVM, less what TCG does not have, and with virtual VMLOAD/VMSAVE forced on. KVM
 * then uses it at every level; it cuts an L3 exit five times (setup/testbed/emulation.md), so it is a named setting of the machine
 * that is measured, recorded with every experiment.
 */
export const EMULATED_CPU = [
  'EPYC-v1,+svm,+npt,+vgif,+svme-addr-chk,+v-vmsave-vmload,+invtsc',
  '-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext,-nrip-save,-xsavec',
  'x-force-features=on',
].join(',');

/** A q35 with qboot, which starts an uncompressed PVH kernel without a firmware menu, and without unused devices. */
const SERVER_MACHINE = 'q35,usb=off,smbus=off,sata=off,vmport=off';
/** A PC of PCIe and virtio alone; its virtio-net-pci with MSI-X is the artifact's device. Boots faster than q35. */
const GUEST_MACHINE = 'microvm,pcie=on,pit=off,pic=off,rtc=off,isa-serial=off,x-option-roms=off';

export function hostQemu(
  options: QemuOptions & {
    readonly accelerator: Accelerator;
    readonly pidFile: string;
    /** Two Unix sockets play the private wire between server and client (QEMU's -netdev dgram). */
    readonly wire: { readonly local: string; readonly remote: string };
  },
): string[] {
  const { accelerator, wire, mac, pidFile } = options;
  const ends = `local.type=unix,local.path=${wire.local},remote.type=unix,remote.path=${wire.remote}`;
  return [
    ['qemu-system-x86_64'],
    ['-M', SERVER_MACHINE],
    ['-bios', 'qboot.rom'],
    ['-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi'],
    ['-cpu', accelerator === 'kvm' ? 'host' : EMULATED_CPU],
    common(options),
    ['-netdev', `dgram,id=wire,${ends}`],
    ['-device', nic('wire', mac)],
    // Port 0: the kernel picks a free one, and QMP's `info usernet` tells which.
    ['-netdev', 'user,id=management,restrict=on,hostfwd=tcp:127.0.0.1:0-:22'],
    ['-device', 'virtio-net-pci,netdev=management,romfile='],
    ['-pidfile', pidFile],
  ].flat();
}

export function guestQemu(options: QemuOptions): string[] {
  return [
    ['qemu-system-x86_64'],
    ['-M', GUEST_MACHINE],
    ['-bios', 'qboot.rom'],
    ['-accel', 'kvm'],
    ['-cpu', 'host'],
    common(options),
    ['-netdev', 'tap,id=wire,ifname=tap0,script=/usr/sbin/nestbench-ifup,downscript=no,vhost=on'],
    ['-device', nic('wire', options.mac)],
    // It returns once its sockets listen: asking for them meanwhile would cost the level that loads QEMU.
    ['-daemonize'],
  ].flat();
}

function common({ cpus, memoryMiB, commandLine, paths }: QemuOptions): string[] {
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
function nic(netdev: string, mac: string): string {
  return `virtio-net-pci,netdev=${netdev},mac=${mac},disable-legacy=on,romfile=`;
}
