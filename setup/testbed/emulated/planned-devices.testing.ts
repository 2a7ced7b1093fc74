/** Devices of the two machines that the emulator runs, in all plans. */
import { CELLS } from '../../../fixtures/matrix.ts';
import { planStack } from './stack-plan.ts';

const HOST = {
  accelerator: 'tcg',
  sizing: { cpus: { last: 2, reservedOnServer: 1, reservedInGuests: 1 }, memoryMiB: 768 },
  paths: { kernel: '$KERNEL', image: '$IMAGE', emulator: '$EMULATOR', tools: '$TOOLS', runtime: '$RUNTIME' },
} as const;

/** As named by `-device`. */
export function plannedDevices(): string[] {
  const machines = (['igb', 'virtio-net-pci'] as const).flatMap((card) =>
    CELLS.flatMap((cell) => {
      const { client, levels } = planStack(cell, { ...HOST, card });
      return [client, levels[0]];
    }),
  );
  const devices = machines
    .flatMap(({ qemu }) => qemu.devices.concat(qemu.network))
    .flatMap(({ option, type = '' }) => (option === 'device' ? [type] : []));
  return [...new Set(devices)].toSorted();
}
