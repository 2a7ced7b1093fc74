import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { plannedDevices } from './planned-devices.testing.ts';

/** The option of its Kconfig that builds a device; emulator-devices.end-to-end.test.ts asks the emulator itself. */
const OPTIONS: Readonly<Record<string, string>> = {
  igb: 'IGB_PCI_EXPRESS',
  'intel-iommu': 'VTD',
  'pcie-root-port': 'PCIE_PORT',
  'virtio-blk-pci': 'VIRTIO_BLK',
  'virtio-net-pci': 'VIRTIO_NET',
  'virtio-rng-pci': 'VIRTIO_RNG',
  'virtio-serial-pci': 'VIRTIO_SERIAL',
  virtconsole: 'VIRTIO_SERIAL',
};

test("the emulator is built with every device of the plans' machines, and each is listed here", () => {
  const text = readFileSync(
    path.resolve(import.meta.dirname, '../../build/qemu/emulator/devices.mak'),
    'utf8',
  );
  const built = new Set([...text.matchAll(/^CONFIG_(\w+)=y$/gm)].map(([, option]) => option));
  const devices = plannedDevices();
  expect(devices).toContain('igb');
  expect(devices.filter((device) => !built.has(OPTIONS[device]))).toEqual([]);
});
