/**
 * How the artifact's scripts start the guests of a cell (columbia/dvh-asplos-ae, 2020), as far as it decides what is
 * measured. What is in neither README nor scripts is not here.
 */
import { type Cell, configurationOf } from '../../../fixtures/matrix.ts';
import { softwareOf } from '../../../fixtures/software.ts';

export interface ArtifactGuest {
  readonly kernel: string;
  readonly qemu: string;
  readonly machine: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** vCPU to CPU, by QMP before the first instruction. */
  readonly pins: string;
  readonly disk: string;
  readonly viommu: string;
  readonly network: string;
  readonly assigns: string;
  readonly knobs: string;
}

const GIB = 1024;

export function artifactGuest(cell: Cell, level: number): ArtifactGuest {
  const { level: target, configuration } = cell;
  const isLast = level === target;
  const rows = softwareOf(cell);
  // Each guest has two vCPUs fewer than its host, which leaves four to the last; GB = vCPUs * 6 - 12.
  const cpus = 4 + 2 * (target - level);
  const isBaseline = configuration === 'baseline';
  const dvh = configuration === 'dvh';
  const assigned = !isBaseline && (isLast || level > 1 || configuration === 'passthrough');
  const hasIommu = !isBaseline && !isLast;
  const made = hasIommu && level === 1 && configuration !== 'passthrough';
  return {
    kernel: rows[level]?.kernel ?? '',
    qemu: rows[level - 1]?.qemu ?? '',
    machine: `q35${hasIommu ? ', kernel-irqchip=split' : ''}`,
    cpu: 'host',
    cpus,
    memoryMiB: (cpus * 6 - 12) * GIB,
    pins: Array.from({ length: cpus }, (_, vcpu) => `${vcpu}:${vcpu + 2}`).join(' '),
    disk: 'virtio-blk, raw, cache=none',
    viommu: hasIommu
      ? ['intremap=on', made ? 'device-iotlb=on' : 'caching-mode=on', ...(dvh ? ['intpost=on'] : [])].join(
          ',',
        )
      : '-',
    network: !isBaseline && isLast ? '-' : 'virtio-net-pci, modern, tap, vhost',
    assigns: made
      ? 'virtio-net-pci behind a root port, iommu_platform, ats, vhostforce'
      : assigned
        ? 'vfio-pci'
        : '-',
    knobs: knobsOf(cell, level),
  };
}

/** Written on the level's host before the level is started; L0 always sees that L1 is idle. */
function knobsOf(cell: Cell, level: number): string {
  const on = configurationOf(cell).name === 'dvh';
  const names = ['virtual_ipi', 'virtual_timer', 'virtual_idle', 'fs_base'];
  return names.map((name) => (on && !(name === 'virtual_idle' && level === 1) ? 'y' : 'n')).join('');
}
