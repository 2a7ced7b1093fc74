import { expect, test } from 'vitest';
import { CELLS, configurationOf } from '../../../fixtures/matrix.ts';
import { isBuilt, type MachineSoftware, physicalSoftware } from '../../../fixtures/physical-software.ts';
import { textTable } from '../../lib/text-table.ts';
import type { MachineNeeds, MachinePlan } from '../../stack/machine-plan.ts';
import type { Part } from '../../stack/qemu-plan.ts';
import { type ArtifactGuest, artifactGuest } from './artifact-options.testing.ts';
import { assumedHost } from './assumed-host.ts';
import { planPhysical } from './physical-plan.ts';
import { parseTestbed } from './testbed-file.ts';

const testbed = parseTestbed(
  'client: { ssh: c, interface: e }\nserver: { ssh: s, interface: e }\nsoftware: paper\nstorage: disk\n',
  'testbed.yaml',
);
const PAPER_CELLS = CELLS.filter((cell) => configurationOf(cell).inPaper);

interface Beside {
  readonly cell: string;
  readonly level: string;
  readonly artifact: ArtifactGuest;
  readonly nestbench: ArtifactGuest;
}

const ALL: readonly Beside[] = PAPER_CELLS.flatMap((cell) => {
  const { server, guests } = planPhysical(cell, { ...assumedHost(testbed, cell), storage: 'disk' });
  const hosts: readonly MachineNeeds[] = [server, ...guests];
  const { levels } = physicalSoftware(testbed, cell);
  return guests.map((guest, below) => ({
    cell: cell.name,
    level: guest.name,
    artifact: artifactGuest(cell, guest.level),
    nestbench: {
      kernel: refOf(levels[guest.level]?.kernel),
      qemu: refOf(levels[below]?.qemu),
      ...plannedGuest(guest, hosts[below]?.dvhKnobs),
    },
  }));
});

function refOf(software: MachineSoftware['kernel'] | MachineSoftware['qemu'] | undefined): string {
  return software !== undefined && isBuilt(software) ? software.ref : '-';
}

/** A guest of a plan, in the words of the artifact's. */
function plannedGuest(
  { cpus, memoryMiB, pins, qemu }: MachinePlan,
  knobs: MachineNeeds['dvhKnobs'],
): Omit<ArtifactGuest, 'kernel' | 'qemu'> {
  const { machine, cpu, devices, network } = qemu;
  const data = devices.find(({ option, properties }) => option === 'drive' && properties['id'] === 'data');
  const viommu = devices.find(({ type }) => type === 'intel-iommu');
  const irqchip = machine.properties?.['kernel-irqchip'];
  return {
    machine: `${machine.type}${irqchip === undefined ? '' : `, kernel-irqchip=${irqchip}`}`,
    cpu: [cpu.model, ...cpu.features].join(','),
    cpus,
    memoryMiB,
    pins: pins.map(({ vcpu, cpu: at }) => `${vcpu}:${at}`).join(' '),
    disk: `virtio-blk, ${data?.properties['format']}, cache=${data?.properties['cache']}`,
    viommu: pairs(viommu) || '-',
    network: networkOf(network, 'wire'),
    assigns: assignedIn(network),
    knobs: Object.values(knobs ?? {}).join(''),
  };
}

function pairs(part: Part | undefined): string {
  return Object.entries(part?.properties ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

function networkOf(network: readonly Part[], id: string): string {
  const tap = network.find(({ properties }) => properties['id'] === id);
  const card = network.find(({ properties }) => properties['netdev'] === id);
  if (tap === undefined || card === undefined) return '-';
  const modern = card.properties['disable-legacy'] === 'on' ? 'modern' : 'legacy';
  return `${card.type}, ${modern}, ${tap.type}${tap.properties['vhost'] === 'on' ? ', vhost' : ''}`;
}

function assignedIn(network: readonly Part[]): string {
  if (network.some(({ type }) => type === 'vfio-pci')) return 'vfio-pci';
  const tap = network.find(({ properties }) => properties['id'] === 'assigned');
  const card = network.find(({ properties }) => properties['netdev'] === 'assigned');
  if (tap === undefined || card === undefined) return '-';
  const on = ['iommu_platform', 'ats'].filter((name) => card.properties[name] === 'on');
  const root = card.properties['bus'] === 'root-port' ? ' behind a root port' : '';
  const forced = tap.properties['vhostforce'] === 'on' ? ['vhostforce'] : [];
  return [`${card.type}${root}`, ...on, ...forced].join(', ');
}

test('every guest of the eleven cells has what the artifact gives it', () => {
  for (const { artifact, nestbench } of ALL) expect(nestbench).toEqual(artifact);
});

test('the plans beside the options of the artifact', async () => {
  const rows = ALL.flatMap(({ cell, level, artifact, nestbench }) => {
    const own = new Map(Object.entries(nestbench));
    return Object.entries(artifact).map(([what, value], index) => [
      index === 0 ? `${cell} ${level}` : '',
      what,
      String(value),
      String(own.get(what)),
    ]);
  });
  const lines = textTable([['guest', 'option', 'artifact', 'nestbench'], ...rows]);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('captured/paper-options.txt');
});
