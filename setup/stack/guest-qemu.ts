/** The QEMU plan of a guest, on the level below it. */
import type { ArtifactDvh } from '../../fixtures/configurations/configuration.ts';
import { qemuHas } from '../../fixtures/qemu-version.ts';
import { type MachineNetwork, slotOf } from './network.ts';
import {
  commonQemu,
  device,
  madeToAssign,
  netdev,
  ownNic,
  Q35,
  type QemuPaths,
  rootPort,
  SPLIT_IRQCHIP,
} from './qemu-parts.ts';
import type { Part, Properties, QemuPlan } from './qemu-plan.ts';

/** A PC with only PCIe and virtio; its virtio-net-pci with MSI-X is the artifact's device. It boots faster than q35. */
const MICROVM: Properties = {
  pcie: 'on',
  pit: 'off',
  pic: 'off',
  rtc: 'off',
  'isa-serial': 'off',
  'x-option-roms': 'off',
};

/**
 * Linux as a guest sends an IPI to several CPUs by a hypercall to the hypervisor above it if that offers it
 * (KVM_HC_SEND_IPI), and DVH does not help hypercalls. The paper's Linux 4.18 did not have it: it came with 4.19. So no
 * cell has it.
 */
const WITHOUT_PV_IPIS: readonly string[] = ['-kvm-pv-ipi'];

export function guestQemu({
  program,
  network,
  paths,
  version,
  passesHalts,
  dvh,
  hasDvhOption,
}: {
  readonly program: string;
  readonly network: MachineNetwork;
  readonly paths: QemuPaths;
  /** The version of the QEMU; undefined for the image's. */
  readonly version: string | undefined;
  /** Whether its KVM must not trap the guest's HLT. */
  readonly passesHalts: boolean;
  /** The mechanisms that a DVH QEMU has on, if it is one. */
  readonly dvh?: ArtifactDvh | undefined;
  readonly hasDvhOption?: boolean;
}): QemuPlan {
  return {
    program,
    ...machineOf(network.assigns !== undefined, version),
    accelerator: { type: 'kvm' },
    cpu: { model: 'host', features: qemuHas(version, 'pvIpis') ? WITHOUT_PV_IPIS : [] },
    passesHalts,
    dvh: hasDvhOption === true ? dvh?.qemuOption : undefined,
    ...commonQemu(paths, network, version, dvh?.iommuProperties),
    network: networkParts(network),
    // It returns once its sockets listen: polling for them would cost the level that loads QEMU.
    daemonizes: true,
  };
}

/** microvm has no vIOMMU. */
function machineOf(hasIommu: boolean, version: string | undefined): Pick<QemuPlan, 'machine' | 'noHpet'> {
  if (!hasIommu && qemuHas(version, 'microvm')) return { machine: { type: 'microvm', properties: MICROVM } };
  const hpetProperty = qemuHas(version, 'hpetProperty');
  const properties = {
    ...Q35,
    ...(hpetProperty && { hpet: 'off' }),
    ...(hasIommu && SPLIT_IRQCHIP),
  };
  return { machine: { type: 'q35', properties }, noHpet: !hpetProperty };
}

function networkParts(network: MachineNetwork): Part[] {
  const { nic, assigns, assignedFrom = '' } = network;
  return [
    ...(nic.kind === 'virtio' ? [tap('wire', 'tap0'), ownNic('wire', network)] : []),
    ...(assigns?.kind === 'made'
      ? [tap('assigned', 'tap1', { vhostforce: 'on' }), ...madeToAssign('assigned', assigns)]
      : []),
    ...(assigns?.kind === 'assigned'
      ? [rootPort(), device('vfio-pci', { host: assignedFrom, bus: 'root-port' })]
      : []),
    ...(nic.kind === 'assigned'
      ? [device('vfio-pci', { host: assignedFrom, addr: `0x${slotOf(nic.pciAddress)}`, romfile: '' })]
      : []),
  ];
}

/** It needs no downscript: the tap disappears with its QEMU. */
function tap(id: string, ifname: string, more: Properties = {}): Part {
  return netdev('tap', id, {
    ifname,
    script: '/usr/sbin/nestbench-ifup',
    downscript: 'no',
    vhost: 'on',
    ...more,
  });
}
