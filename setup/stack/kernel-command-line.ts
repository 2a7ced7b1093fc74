/** The kernel's parameters in a machine of a stack, and the command line that they make. */
import type { MachineName } from '../../fixtures/addresses.ts';
import { IOMMU } from '../../fixtures/software.ts';
import type { ImageFormat } from '../../fixtures/image-formats.ts';
import type { MachineNetwork } from './network.ts';

/** The parameter of nestbench's kernel for direct virtual hardware. */
export const DVH_PARAMETER = 'kvm_amd.dvh';

export interface CommandLineOptions {
  readonly name: MachineName;
  /** With its prefix length: `10.10.1.2/24`. */
  readonly address: string;
  readonly bridge: MachineNetwork['bridge'];
  /** Whether its kernel uses the IOMMU, which the assignment of a device needs. */
  readonly iommu: boolean;
  /** Whether there is a second NIC for SSH from the host. */
  readonly management: boolean;
  /** Whether TCG runs the server, and with it everything inside. */
  readonly emulated: boolean;
  /** The rate of the machine's TSC, if its kernel would have to measure it under emulation. */
  readonly tscKhz: number | string | undefined;
  /** For a machine that runs guests: whether they may run their own guests, and what DVH it offers and uses. */
  readonly kvm: { readonly nested: boolean; readonly dvhMask: number } | undefined;
  /** The root file system of a disk image of the user's, if it boots one: a device. */
  readonly ownRoot?: string | undefined;
  /** The format of the image; by default erofs. */
  readonly imageFormat?: ImageFormat | undefined;
  /** A variant's own parameters. They go last, because the last of two wins. */
  readonly added?: readonly string[] | undefined;
}

export interface KernelParameter {
  readonly text: string;
  /**
   * `machine`: what is booted, and as what. `recipe`: how it boots fast and keeps time; a stock machine has none of these.
   * `variant`: added by the run's variant.
   */
  readonly from: 'machine' | 'recipe' | 'variant';
}

export function commandLineOf(parameters: readonly KernelParameter[]): string {
  return parameters.map(({ text }) => text).join(' ');
}

/** Each was measured in the trials of docs/emulated-testbed.md, which has the reasons. */
export function kernelParameters(options: CommandLineOptions): KernelParameter[] {
  const { ownRoot, iommu, kvm, tscKhz, emulated, added = [] } = options;
  return [
    ...recipe('quiet', 'console=hvc0'),
    ...machine('panic=-1'),
    // Emulated silicon has nothing to mitigate, and each mitigation costs exits; hardware keeps its kernel's default.
    ...(emulated ? recipe('mitigations=off') : []),
    ...recipe('nokaslr', 'no_timer_check'),
    // The emulated TSC is not marked as reliable, but it is the host's.
    ...(emulated ? recipe('tsc=reliable') : []),
    // Probing 256 PCI buses took 2.9 s in L1 and 9.4 s in L2.
    ...recipe('random.trust_cpu=on', 'cryptomgr.notests', 'pci=lastbus=0'),
    ...rootParameters(options),
    // A calibration on a loaded host was wrong by a factor of two (setup/testbed/emulated/tsc.ts).
    ...(tscKhz === undefined ? [] : recipe(`tsc_early_khz=${tscKhz}`)),
    ...(kvm === undefined ? [] : kvmParameters(kvm)),
    ...(iommu ? machine(IOMMU) : []),
    ...(ownRoot === undefined ? machine(...initParameters(options)) : []),
    ...added.map((text) => ({ text, from: 'variant' as const })),
  ];
}

/** What is booted. */
function rootParameters({
  ownRoot,
  imageFormat = 'erofs',
  name,
  address,
}: CommandLineOptions): KernelParameter[] {
  if (ownRoot === undefined) {
    return machine('root=/dev/vda', `rootfstype=${imageFormat}`, 'ro', 'init=/usr/sbin/nestbench-init');
  }
  const [ip] = address.split('/');
  // Its init knows nothing of nestbench, so the kernel itself brings up the first NIC (nfsroot.rst in Linux's documentation).
  return machine(`root=${ownRoot}`, 'rw', 'net.ifnames=0', `ip=${ip}:::${NETMASK}:${name}:eth0:off`);
}

/** What nestbench's own init reads. */
function initParameters({ name, address, bridge, management }: CommandLineOptions): string[] {
  return [
    `nestbench.name=${name}`,
    `nestbench.address=${address}`,
    ...bridgeParameters(bridge),
    ...(management ? ['nestbench.management=eth1'] : []),
  ];
}

/** Of a /24 (PREFIX_LENGTH in fixtures/addresses.ts). */
const NETMASK = '255.255.255.0';

/**
 * The clock fix of docs/emulated-testbed.md: without it KVM gives up on the guest's TSC rate and its timers fire late.
 * Both vendors' nesting parameters are set, because a server under KVM has the host's CPU; the other vendor's has no
 * effect.
 */
function kvmParameters({ nested, dvhMask }: NonNullable<CommandLineOptions['kvm']>): KernelParameter[] {
  const value = nested ? 1 : 0;
  return [
    ...recipe('kvm.tsc_tolerance_ppm=100000'),
    ...machine(`kvm_amd.nested=${value}`, `kvm_intel.nested=${value}`),
    // Off is the kernel's default, and other kernels do not know the parameter.
    ...(dvhMask === 0 ? [] : machine(`${DVH_PARAMETER}=${dvhMask}`)),
  ];
}

function bridgeParameters(bridge: MachineNetwork['bridge']): string[] {
  if (bridge === undefined) return [];
  return bridge === 'with-nic'
    ? ['nestbench.bridge=eth0']
    : [`nestbench.routes=${bridge.routesTo.join(',')}`];
}

function machine(...texts: readonly string[]): KernelParameter[] {
  return texts.map((text) => ({ text, from: 'machine' }));
}

function recipe(...texts: readonly string[]): KernelParameter[] {
  return texts.map((text) => ({ text, from: 'recipe' }));
}
