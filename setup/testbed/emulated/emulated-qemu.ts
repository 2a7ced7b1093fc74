/** The QEMU plans of the two machines that the host emulates: the server and the client. */
import type { Accelerator } from '../../../fixtures/accelerator.ts';
import type { Clock } from '../../../fixtures/clock.ts';
import { type MachineNetwork, MANAGEMENT_SLOT } from '../../stack/network.ts';
import {
  commonQemu,
  device,
  madeToAssign,
  netdev,
  ownNic,
  Q35,
  type QemuPaths,
  SPLIT_IRQCHIP,
} from '../../stack/qemu-parts.ts';
import type { Cpu, Part, QemuPlan } from '../../stack/qemu-plan.ts';

/**
 * The emulated silicon: an EPYC with SVM, without the features that TCG lacks, and with virtual VMLOAD/VMSAVE forced
 * on. KVM then uses it at every level; it makes an L3 exit five times cheaper (docs/emulated-testbed.md), so it is a
 * named setting of the measured machine, recorded with every experiment.
 */
export const EMULATED_CPU: Cpu = {
  model: 'EPYC-v1',
  features: [
    ['+svm', '+npt', '+vgif', '+svme-addr-chk', '+v-vmsave-vmload', '+invtsc'],
    ['-rdseed', '-sha-ni', '-fxsr-opt', '-misalignsse', '-3dnowprefetch', '-osvw', '-topoext', '-nrip-save'],
    ['-xsavec', 'x-force-features=on'],
  ].flat(),
};

/** Two Unix sockets are the private wire between server and client (QEMU's -netdev dgram). */
export interface Wire {
  readonly local: string;
  readonly remote: string;
}

export function hostQemu({
  program,
  network,
  paths,
  accelerator,
  clock,
  pidFile,
  wire,
}: {
  readonly program: string;
  readonly network: MachineNetwork;
  readonly paths: QemuPaths;
  readonly accelerator: Accelerator;
  readonly clock: Clock;
  readonly pidFile: string;
  readonly wire: Wire;
}): QemuPlan {
  const isKvm = accelerator === 'kvm';
  const split = network.assigns !== undefined && isKvm;
  return {
    program,
    machine: { type: 'q35', properties: { ...Q35, ...(split && SPLIT_IRQCHIP) } },
    ...acceleratorOf(accelerator, clock),
    cpu: isKvm ? { model: 'host', features: [] } : EMULATED_CPU,
    ...commonQemu(paths, network),
    network: [
      ...wireParts(network, wire),
      // Port 0: the kernel selects a free one, and QMP's `info usernet` reports it.
      netdev('user', 'management', { restrict: 'on', hostfwd: 'tcp:127.0.0.1:0-:22' }),
      device('virtio-net-pci', { netdev: 'management', romfile: '', addr: `0x${MANAGEMENT_SLOT}` }),
    ],
    pidFile,
  };
}

function acceleratorOf(type: Accelerator, clock: Clock): Pick<QemuPlan, 'accelerator' | 'icountShift'> {
  if (clock === 'virtual') {
    return {
      accelerator: { type: 'tcg', properties: { thread: 'single' } },
      // An instruction takes a nanosecond. While all vCPUs are idle, time passes as on the host (sleep=on, the
      // default): otherwise it would jump from timer to timer, and a guest that waits for nestbench would see hours
      // pass in a second.
      icountShift: 0,
    };
  }
  return { accelerator: type === 'kvm' ? { type } : { type, properties: { thread: 'multi' } } };
}

/**
 * If a function of the server's card is assigned, the wire ends in a hub that connects the server's own NIC and the
 * card.
 */
function wireParts(network: MachineNetwork, { local, remote }: Wire): Part[] {
  const wire = netdev('dgram', 'wire', {
    'local.type': 'unix',
    'local.path': local,
    'remote.type': 'unix',
    'remote.path': remote,
  });
  if (network.assigns === undefined) return [wire, ownNic('wire', network)];
  return [
    wire,
    netdev('hubport', 'wire-port', { hubid: '0', netdev: 'wire' }),
    netdev('hubport', 'own-port', { hubid: '0' }),
    ownNic('own-port', network),
    netdev('hubport', 'function-port', { hubid: '0' }),
    ...madeToAssign('function-port', network.assigns),
  ];
}
