import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { qemuHas } from '../../fixtures/qemu-version.ts';
import { guestQemu } from './guest-qemu.ts';
import { networkOf } from './network.ts';

const cell = { name: 'l1-baseline', level: 1, configuration: 'baseline' } as const;
const guest = {
  program: 'qemu',
  network: networkOf(cell, 1, { card: 'virtio-net-pci' }),
  paths: { kernel: '/k', image: '/i', seed: '/s', qmpSocket: '/q', consoleSocket: '/c' },
  version: undefined,
  passesHalts: false,
};

test('a guest runs under KVM with the CPU of its host, without IPIs by hypercall', () => {
  const { accelerator, cpu } = guestQemu(guest);
  expect([accelerator.type, cpu]).toEqual(['kvm', { model: 'host', features: ['-kvm-pv-ipi'] }]);
});

test("the artifact's QEMU gets no option for IPIs by hypercall", () => {
  expect(guestQemu({ ...guest, version: '3.1.0' }).cpu.features).toEqual([]);
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

test.each([
  ['3.1.0', 'q35', undefined, true],
  ['5.2.0', 'q35', 'off', false],
  ['6.2.0', 'microvm', undefined, undefined],
])('QEMU %s gets the machine %s, with hpet=%s or -no-hpet: %s', (version, type, hpet, noHpet) => {
  const { machine, noHpet: without } = guestQemu({ ...guest, version });
  expect([machine.type, machine.properties?.['hpet'], without]).toEqual([type, hpet, noHpet]);
});

const assigning = networkOf({ name: 'l3-dvh-vp', level: 3, configuration: 'dvh-vp' }, 1, {
  card: 'virtio-net-pci',
});

test.each([
  ['3.1.0', undefined],
  ['9.1.0', undefined],
  ['9.2.0', '39'],
  [undefined, '39'],
])('the vIOMMU of QEMU %s gets aw-bits=%s: it has 39 bits everywhere', (version, bits) => {
  const { devices } = guestQemu({ ...guest, network: assigning, version });
  const iommu = devices.find(({ type }) => type === 'intel-iommu');
  expect(iommu?.properties['intremap']).toBe('on');
  expect(iommu?.properties['aw-bits']).toBe(bits);
});

/** What real QEMUs say of themselves: `-device intel-iommu,help`, `-M q35,help`, `-help` and `-M help`, shortened. */
describe.each(['4.2', '5.2', '7.2', '10.0'])('QEMU %s', (version) => {
  const help = readFileSync(new URL(`captured/qemu-help/${version}.txt`, import.meta.url), 'utf8');

  test('has what nestbench takes it to have', () => {
    expect(/^ *aw-bits=.*\(default: 48\)/m.test(help)).toBe(qemuHas(version, 'wideIommu'));
    expect(/\bhpet=<?bool/m.test(help)).toBe(qemuHas(version, 'hpetProperty'));
  });

  test('knows each property of its vIOMMU', () => {
    const { devices } = guestQemu({ ...guest, network: assigning, version });
    const iommu = devices.find(({ type }) => type === 'intel-iommu');
    const known = [...help.matchAll(/^ +([\w-]+)=</gm)].map(([, name]) => name);
    for (const property of Object.keys(iommu?.properties ?? {})) expect(known).toContain(property);
  });
});
