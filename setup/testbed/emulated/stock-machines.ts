/**
 * The same stack as typed by hand, without nestbench's recipe: with the defaults of QEMU and the kernel. It uses the
 * same image, kernel, devices, sizes and pins, so the difference is the effect of the recipe in
 * docs/emulated-testbed.md.
 */
import type { Accelerator } from '../../../fixtures/accelerator.ts';
import type { KernelParameter } from '../../stack/kernel-command-line.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import { SPLIT_IRQCHIP } from '../../stack/qemu-parts.ts';
import type { Part, QemuPlan } from '../../stack/qemu-plan.ts';
import type { StackPlan } from './stack-plan.ts';

/** What is not stock about it. It is printed with every comparison, since it favours stock. */
export const KEPT_OF_OURS = [
  'our kernel, a small uncompressed vmlinux (PVH), and our image with its init',
  'a virtio console in addition to the serial one, since the init writes to /dev/hvc0',
  'panic=-1, -no-reboot, -S and QMP, so that a failure is seen and vCPUs are pinned',
  'what the cell is: virtio disks, NIC with vhost and rng, sizes, pins, nesting, an assigned device and its vIOMMU',
] as const;

/** The distribution's: our emulator has neither the ROMs nor the default devices that the stock variant needs. */
const STOCK_QEMU = 'qemu-system-x86_64';

/**
 * The stock variant of a plan. Pure.
 * @param program of the server and the client.
 */
export function stockPlan(plan: StackPlan, program = STOCK_QEMU): StackPlan {
  const [server, ...guests] = plan.levels;
  return {
    ...plan,
    client: stockMachine(plan.client, program),
    levels: [
      stockMachine(server, program),
      ...guests.map((guest) => stockMachine(guest, guest.qemu.program)),
    ],
  };
}

function stockMachine(machine: MachinePlan, program: string): MachinePlan {
  const { kernelParameters: ours, qemu, accelerator } = machine;
  const kernelParameters: KernelParameter[] = [
    { text: 'console=ttyS0', from: 'machine' },
    ...ours.filter(({ from }) => from === 'machine'),
  ];
  return { ...machine, kernelParameters, qemu: { ...stockQemu(qemu, accelerator), program } };
}

function stockQemu(ours: QemuPlan, accelerator: Accelerator): QemuPlan {
  const isSplit = ours.machine.properties?.['kernel-irqchip'] === 'split';
  return {
    ...ours,
    // A vIOMMU that remaps interrupts does not start without.
    machine: { type: 'q35', ...(isSplit && { properties: SPLIT_IRQCHIP }) },
    accelerator: { type: accelerator },
    cpu: ours.cpu.model === 'host' ? { model: 'host', features: [] } : { model: 'EPYC', features: ['+svm'] },
    // This adds SeaBIOS, a VGA, a floppy drive and a CD drive, and what QEMU's own configuration files contain.
    firmware: undefined,
    isBare: false,
    devices: ours.devices.map(stockPart),
    network: ours.network.map(stockPart),
    serial: 'console',
  };
}

function stockPart(part: Part): Part {
  const { romfile: _none, ...properties } = part.properties;
  // The serial port writes to the same place as the virtio console, so that one log and one watcher have both.
  return { ...part, properties: part.option === 'chardev' ? { ...properties, mux: 'on' } : properties };
}
