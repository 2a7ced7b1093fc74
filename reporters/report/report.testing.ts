/** A journal with data for every section of the report. */
import type { LevelFacts } from '../../fixtures/records.ts';
import { realisticJournal } from '../model/experiment.testing.ts';
import type { TestJournal } from '../model/journal.testing.ts';

const CELLS = ['l0-baseline', 'l1-baseline', 'l2-baseline', 'l2-vp-idle'];

/** realisticJournal() with boots, counted exits, an additional cell, and two starts. */
export function reportJournal(): TestJournal {
  const journal = realisticJournal();
  for (const cell of CELLS) {
    const deepest = Number(cell[1]);
    const levels = Array.from({ length: deepest + 1 }, (_, level) => facts(level));
    journal.record({
      type: 'boot',
      cell,
      levels,
      client: facts(0),
      phases: levels.flatMap(({ level }) => [
        { name: `l${level}: QEMU`, seconds: 0.5 + level },
        { name: `l${level}: kernel`, seconds: 1.25 + 2 * level },
        { name: `l${level}: SSH`, seconds: 0.75 },
      ]),
      seconds: 3 + 5 * deepest,
    });
    for (const [index, value] of [0.2, 0.31, 0.19].entries()) {
      journal.sample({
        cell,
        benchmark: 'mysql',
        iteration: index + 1,
        value: value * 3 ** deepest,
        work: { amount: 20, unit: 'transaction' },
        ...(deepest > 0 && {
          l0: {
            seconds: 3,
            exits: { exits: 400 * 5 ** deepest + index, io_exits: 7 },
            cpuSeconds: { benchmark: 2.9, kernel: 0.2, harness: index === 1 ? 0.06 : 0.001 },
          },
        }),
        ...(index > 0 && { gapSeconds: 0.012 }),
      });
    }
    journal.record({ type: 'end', cell, seconds: 0.4 });
  }
  return journal;
}

export function facts(level: number): LevelFacts {
  return {
    level,
    kernelRelease: '6.1.192-nestbench',
    commandLine: 'quiet console=hvc0 mitigations=off nestbench.name="a <b>"',
    cpuModel: 'AMD EPYC Processor',
    cpus: 1,
    memoryBytes: 2 ** 30,
    clockSource: level === 0 ? 'tsc' : 'kvm-clock',
    hypervisor: level === 0 ? 'none' : 'KVM',
    kvm: { available: true, nested: '1' },
    nic: { device: 'eth0', driver: 'virtio_net', path: '/sys/devices/pci0000:00/0000:00:10.0/virtio4' },
    swapBytes: 0,
    qemu: {
      version: '10.0.13',
      argv: ['qemu-system-x86_64', '-M', 'q35', '-append', "it's quiet", '-nodefaults'],
      accelerator: level === 0 ? 'tcg' : 'kvm',
    },
    pinned: level === 0 ? [] : [{ vcpu: 0, thread: 4711 + level, cpu: 1 }],
  };
}
