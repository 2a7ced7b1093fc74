import { describe, expect, test } from 'vitest';
import { CELLS, configurationOf, findCell, type Level } from '../../fixtures/matrix.ts';
import { clientNetwork, assignCommands, type MachineNetwork, networkOf, slotOf } from './network.ts';
import { guestQemu } from './guest-qemu.ts';
import type { Properties, QemuPlan } from './qemu-plan.ts';

function networksOf(name: string): MachineNetwork[] {
  const cell = findCell(name);
  if (cell === undefined) throw new Error(`no cell ${name}`);
  return ([0, 1, 2, 3] as const)
    .filter((level) => level <= cell.level)
    .map((level) => networkOf(cell, level, { card: 'virtio-net-pci' }));
}

const paths = { kernel: '/k', image: '/i', seed: '/s', qmpSocket: '/q', consoleSocket: '/c' };

function qemuOf(name: string, level: Level): QemuPlan {
  const network = networksOf(name)[level];
  if (network === undefined) throw new Error(`${name} has no L${level}`);
  return guestQemu({ network, paths, program: 'qemu', version: undefined, passesHalts: false });
}

/** Its devices of a driver, and netdevs of a kind, by their properties. */
function propertiesOf({ devices, network }: QemuPlan, type: string): Properties[] {
  return [...devices, ...network].filter((part) => part.type === type).map(({ properties }) => properties);
}

const ASSIGNED = CELLS.filter((cell) => configurationOf(cell).assigned !== undefined);

test('every machine of a baseline has its own virtio NIC, and nothing is assigned', () => {
  for (const { nic, assigns, assignedFrom } of networksOf('l3-baseline')) {
    expect([nic.kind, assigns, assignedFrom]).toEqual(['virtio', undefined, undefined]);
  }
});

describe.each(ASSIGNED.map((cell) => [cell.name, cell] as const))('%s', (name, cell) => {
  const networks = networksOf(name);
  const last = networks.at(-1);
  const first = configurationOf(cell).assigned === 'physical' ? 0 : 1;

  test('hands its device on from the first level that has it to the one under test', () => {
    const assigning = networks.map(({ assigns }) => assigns?.kind);
    expect(assigning).toEqual(
      networks.map((_, level) => {
        if (level < first || level === cell.level) return undefined;
        return level === first ? 'made' : 'assigned';
      }),
    );
  });

  test('keeps its MAC from beginning to end', () => {
    expect(last?.nic.kind).toBe('assigned');
    expect(networks.flatMap(({ assigns }) => assigns?.mac ?? [])).toEqual(
      Array.from({ length: cell.level - first }, () => last?.nic.mac),
    );
  });

  test('takes each level’s device from where the level below has it', () => {
    networks.forEach(({ assignedFrom }, level) => {
      const below = networks[level - 1];
      expect(assignedFrom).toBe(level > first ? below?.assigns?.pciAddress : undefined);
    });
  });

  test('leaves the level under test no other NIC', () => {
    const { network } = qemuOf(name, cell.level);
    expect(network).toEqual([
      {
        option: 'device',
        type: 'vfio-pci',
        properties: { host: '0000:01:00.0', addr: '0x11', romfile: '' },
      },
    ]);
  });
});

test('a level between gets the device behind a root port, and hands it on behind a vIOMMU that sees every mapping', () => {
  const qemu = qemuOf('l3-passthrough', 2);
  expect(qemu.machine).toMatchObject({ type: 'q35', properties: { 'kernel-irqchip': 'split' } });
  expect(propertiesOf(qemu, 'intel-iommu')).toEqual([
    { intremap: 'on', 'aw-bits': '39', 'caching-mode': 'on' },
  ]);
  expect(qemu.network.slice(-2)).toEqual([
    {
      option: 'device',
      type: 'pcie-root-port',
      properties: { id: 'root-port', chassis: '1', addr: '0x11' },
    },
    { option: 'device', type: 'vfio-pci', properties: { host: '0000:01:00.0', bus: 'root-port' } },
  ]);
});

test('virtual-passthrough begins with a virtio NIC of L1 whose vhost uses the vIOMMU', () => {
  const qemu = qemuOf('l2-dvh-vp', 1);
  expect(propertiesOf(qemu, 'intel-iommu')).toEqual([
    { intremap: 'on', 'aw-bits': '39', 'device-iotlb': 'on' },
  ]);
  expect(propertiesOf(qemu, 'tap')).toEqual([
    expect.objectContaining({ id: 'wire', ifname: 'tap0', vhost: 'on' }),
    expect.objectContaining({ id: 'assigned', ifname: 'tap1', vhost: 'on', vhostforce: 'on' }),
  ]);
  expect(propertiesOf(qemu, 'virtio-net-pci')[1]).toMatchObject({
    bus: 'root-port',
    iommu_platform: 'on',
    'disable-legacy': 'on',
    ats: 'on',
  });
});

test('the server is not in a bridge with the wire if its guests have a function of the card', () => {
  const bridges = ['l1-passthrough', 'l2-passthrough', 'l3-passthrough'].map(
    (name) => networksOf(name)[0]?.bridge,
  );
  expect(bridges).toEqual([
    undefined,
    { routesTo: ['10.10.1.100'] },
    { routesTo: ['10.10.1.100', '10.10.1.101'] },
  ]);
});

describe('a card with virtual functions', () => {
  const cell = findCell('l2-passthrough');
  if (cell === undefined) throw new Error('no l2-passthrough');
  const [server, between, last] = ([0, 1, 2] as const).map((level) =>
    networkOf(cell, level, { card: 'igb' }),
  );

  test('creates one of its functions, with the MAC of the level under test, and assigns it', () => {
    const { assigns } = server ?? {};
    expect(assigns === undefined ? [] : assignCommands(assigns)).toEqual([
      ['nestbench-virtual-functions', '0000:01:00.0', '2', last?.nic.mac],
      ['nestbench-assign', '0000:01:10.0'],
    ]);
    expect(between?.assignedFrom).toBe('0000:01:10.0');
  });

  test('is a plain PCI device from L1 on', () => {
    expect(between?.assigns).toMatchObject({ kind: 'assigned', pciAddress: '0000:01:00.0' });
    expect(between?.assigns?.functionOf).toBeUndefined();
    expect(last).toMatchObject({ assignedFrom: '0000:01:00.0', nic: { driver: 'igbvf' } });
  });

  test('is not used if the device comes from L0’s QEMU', () => {
    const vp = findCell('l2-dvh-vp');
    if (vp === undefined) throw new Error('no l2-dvh-vp');
    expect(networkOf(vp, 2, { card: 'igb' })).toEqual(networkOf(vp, 2, { card: 'virtio-net-pci' }));
  });
});

describe("a physical server's card", () => {
  const card = { firstFunction: '0000:41:10.1', guestDriver: 'ixgbevf' };
  const of = (name: string) => {
    const cell = findCell(name);
    if (cell === undefined) throw new Error(`no cell ${name}`);
    const addresses = { client: '', l0: '', l1: '192.168.7.11', l2: '192.168.7.12', l3: '' };
    return ([0, 1, 2, 3] as const)
      .filter((level) => level <= cell.level)
      .map((level) => networkOf(cell, level, { card, addresses }));
  };

  test('has its first virtual function taken from where it is, and driven by its own driver', () => {
    const [server, between, last] = of('l2-passthrough');
    expect(server?.assigns).toMatchObject({ kind: 'made', pciAddress: '0000:41:10.1' });
    // The set-up of the machine creates it (machine/set-up), not the image's program for an emulated card.
    expect(server?.assigns === undefined ? [] : assignCommands(server.assigns)).toEqual([
      ['nestbench-assign', '0000:41:10.1'],
    ]);
    expect(between?.assignedFrom).toBe('0000:41:10.1');
    expect(last).toMatchObject({ assignedFrom: '0000:01:00.0', nic: { driver: 'ixgbevf' } });
  });

  test('is not bridged, and guests in between are reached by the addresses of the testbed', () => {
    expect(of('l1-passthrough')[0]?.bridge).toBeUndefined();
    expect(of('l3-passthrough')[0]?.bridge).toEqual({ routesTo: ['192.168.7.11', '192.168.7.12'] });
  });

  test('that does not exist is an error, not a cell', () => {
    const cell = findCell('l1-passthrough');
    expect(() => cell && networkOf(cell, 0, { card: undefined })).toThrow(RangeError);
  });
});

test('the client has the other end of the wire', () => {
  expect(clientNetwork().nic).toMatchObject({ kind: 'virtio', mac: 'de:ad:be:ef:f1:00' });
});

test("a PCI address's slot is in the format of QEMU's addr=", () => {
  expect(slotOf('0000:00:1f.0')).toBe('1f');
});
