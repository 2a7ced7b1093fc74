import { expect, test } from 'vitest';
import { guestQemu } from './guest-qemu.ts';
import { networkOf } from './network.ts';

const cell = { name: 'l1-baseline', level: 1, configuration: 'baseline' } as const;
const guest = {
  program: 'qemu',
  network: networkOf(cell, 1, { card: 'virtio-net-pci' }),
  paths: { kernel: '/k', image: '/i', seed: '/s', qmpSocket: '/q', consoleSocket: '/c' },
  isVintage: false,
  passesHalts: false,
};

test('a guest runs under KVM with the CPU of its host', () => {
  const { accelerator, cpu } = guestQemu(guest);
  expect([accelerator.type, cpu]).toEqual(['kvm', { model: 'host', features: [] }]);
});

test("a guest has only the artifact's NIC: modern virtio-net on a tap with vhost", () => {
  const { devices, network } = guestQemu(guest);
  expect(network).toEqual([
    {
      option: 'netdev',
      type: 'tap',
      properties: {
        id: 'wire',
        ifname: 'tap0',
        script: '/usr/sbin/nestbench-ifup',
        downscript: 'no',
        vhost: 'on',
      },
    },
    {
      option: 'device',
      type: 'virtio-net-pci',
      properties: {
        netdev: 'wire',
        mac: 'de:ad:be:ef:f2:10',
        'disable-legacy': 'on',
        romfile: '',
        addr: '0x10',
      },
    },
  ]);
  expect(devices.filter(({ type }) => type?.includes('-net-'))).toEqual([]);
});

test('a QEMU without microvm uses q35, and has no property for the HPET', () => {
  const { machine, noHpet } = guestQemu({ ...guest, isVintage: true });
  expect([machine.type, machine.properties?.['hpet'], noHpet]).toEqual(['q35', undefined, true]);
});
