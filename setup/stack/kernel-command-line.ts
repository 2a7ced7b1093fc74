/** The kernel command line of an emulated testbed's machine. */
import type { MachineName } from '../../fixtures/addresses.ts';
import { IOMMU } from '../../fixtures/software.ts';
import type { ImageFormat } from '../../fixtures/image-formats.ts';
import type { MachineNetwork } from './network.ts';

export interface CommandLineOptions {
  readonly name: MachineName;
  /** With its prefix length: `10.10.1.2/24`. */
  readonly address: string;
  readonly bridge: MachineNetwork['bridge'];
  /** Whether its kernel uses the IOMMU, which the assignment of a device needs. */
  readonly iommu: boolean;
  /** Whether there is a second NIC for SSH from the host. */
  readonly management: boolean;
  /** Whether TCG runs the server, and with it all that is inside. */
  readonly emulated: boolean;
  /** The rate of the machine's TSC, where its kernel would have to find it out under emulation. */
  readonly tscKhz: number | string | undefined;
  /** Where the machine runs guests: whether they may run guests of their own. */
  readonly kvm: { readonly nested: boolean } | undefined;
  /** Of the image; erofs, where that is not said. */
  readonly imageFormat?: ImageFormat | undefined;
  /** A variant's own parameters, which go last: the last of two holds. */
  readonly added?: readonly string[] | undefined;
}

/** Every line was measured in the trials of docs/emulated-testbed.md; the reasons stand there. */
function always({ emulated, imageFormat = 'erofs' }: CommandLineOptions): string[] {
  return [
    'quiet',
    'console=hvc0',
    'panic=-1',
    // Emulated silicon has nothing to mitigate, and each mitigation costs exits; hardware keeps its kernel's default.
    ...(emulated ? ['mitigations=off'] : []),
    'nokaslr',
    'no_timer_check',
    // The emulated TSC is not marked as reliable, and is the host's.
    ...(emulated ? ['tsc=reliable'] : []),
    'random.trust_cpu=on',
    'cryptomgr.notests',
    // Probing 256 PCI buses took 2.9 s in L1 and 9.4 s in L2.
    'pci=lastbus=0',
    'root=/dev/vda',
    `rootfstype=${imageFormat}`,
    'ro',
    'init=/usr/sbin/nestbench-init',
  ];
}

/**
 * The clock fix of docs/emulated-testbed.md: without it KVM gives up on the guest's TSC rate and its timers fire late. Both
 * vendors' nesting parameters are named, since a server under KVM shows the host's CPU; the other vendor's does
 * nothing.
 */
function kvmParameters(nested: boolean): string[] {
  const value = nested ? 1 : 0;
  return ['kvm.tsc_tolerance_ppm=100000', `kvm_amd.nested=${value}`, `kvm_intel.nested=${value}`];
}

export function kernelCommandLine(options: CommandLineOptions): string {
  const { name, address, bridge, iommu, management, kvm, tscKhz, added = [] } = options;
  return [
    ...always(options),
    // A calibration that a loaded host disturbs went wrong by a factor of two (setup/testbed/emulated/tsc.ts).
    ...(tscKhz === undefined ? [] : [`tsc_early_khz=${tscKhz}`]),
    ...(kvm === undefined ? [] : kvmParameters(kvm.nested)),
    ...(iommu ? [IOMMU] : []),
    `nestbench.name=${name}`,
    `nestbench.address=${address}`,
    ...bridgeParameters(bridge),
    ...(management ? ['nestbench.management=eth1'] : []),
    ...added,
  ].join(' ');
}

function bridgeParameters(bridge: MachineNetwork['bridge']): string[] {
  if (bridge === undefined) return [];
  return bridge === 'with-nic'
    ? ['nestbench.bridge=eth0']
    : [`nestbench.routes=${bridge.routesTo.join(',')}`];
}
