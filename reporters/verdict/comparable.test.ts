import { describe, expect, test } from 'vitest';
import { TestJournal } from '../model/journal.testing.ts';
import type { Results } from '../model/experiment-results.ts';
import { forbidding } from './comparable.ts';
import { changedBetween, warningsOf } from './differences.ts';
import { noisyResults } from './noisy-experiment.ts';

const SMALL = { seed: 1, runs: 1, iterations: 3, cells: ['l1-baseline'], benchmarks: ['hackbench'] };
const TESTBED = { kind: 'emulated', accelerator: 'tcg', settings: { mitigations: 'off' } } as const;
const HOST = { cpuModel: 'AMD EPYC 7B13', cpus: 2, memoryBytes: 8 * 2 ** 30, kernel: '6.1.0-40-amd64' };

function started(start: Parameters<typeof noisyResults>[0]['start']): Results {
  return noisyResults({ ...SMALL, start: start ?? {} });
}

function journal(fill: (journal: TestJournal) => void): Results {
  using one = new TestJournal();
  fill(one);
  return one.results;
}

function loadedBy(loader: string): Results {
  return journal((one) => {
    one.start().series('l1-baseline', 'memcached', 1, { loader });
    one.sample({ cell: 'l1-baseline', benchmark: 'memcached', value: 100 });
  });
}

function kept(storage: 'memory' | 'disk'): Results {
  return journal((one) => {
    one.start().series('l1-baseline', 'mysql', 1, { storage });
    one.sample({ cell: 'l1-baseline', benchmark: 'mysql', value: 1 });
  });
}

/** Two cells booted with this L1. */
function booted(kernelRelease: string, commandLine: string): Results {
  return journal((one) => {
    one.start();
    for (const cell of ['l1-baseline', 'l2-baseline']) {
      const levels = [{ ...LEVEL, kernelRelease, commandLine }];
      one.samples(cell, 'hackbench', [1]);
      one.record({ type: 'boot', cell, levels, client: null, phases: [], seconds: 5 });
    }
  });
}

describe('forbidden', () => {
  test.each([
    [
      'another kind of testbed',
      started({ testbed: { ...TESTBED, kind: 'physical' } }),
      'The testbed: emulated in the base, physical in the head.',
    ],
    [
      'another accelerator',
      started({ testbed: { ...TESTBED, accelerator: 'kvm' } }),
      'The accelerator: tcg in the base, kvm in the head.',
    ],
    [
      'another setting of the testbed',
      started({ testbed: { ...TESTBED, settings: { mitigations: 'auto' } } }),
      "The testbed's mitigations: off in the base, auto in the head.",
    ],
    [
      'a setting that only one has',
      started({ testbed: { ...TESTBED, settings: { mitigations: 'off', cpu: 'EPYC' } } }),
      "The testbed's cpu: not set in the base, EPYC in the head.",
    ],
    [
      'cells that ran side by side',
      started({ testbed: { ...TESTBED, settings: { ...TESTBED.settings, 'side by side': '2' } } }),
      "The testbed's side by side: not set in the base, 2 in the head.",
    ],
    ['another profile', started({ profile: 'paper' }), 'The profile: quick in the base, paper in the head.'],
    [
      'other sizes',
      noisyResults({ ...SMALL, iterations: 4 }),
      "hackbench's sizes: iterations 3, seconds 3 in the base, iterations 4, seconds 3 in the head.",
    ],
  ])('%s', (_, head, sentence) => {
    expect(forbidding(noisyResults(SMALL), head)).toEqual([sentence]);
  });

  test('another loader, of a benchmark that both measured', () => {
    const [base, head] = [loadedBy('memaslap'), loadedBy('memtier')];
    expect(forbidding(base, head)).toEqual([
      "memcached's loader: memaslap in the base, memtier in the head.",
    ]);
  });

  test('another storage', () => {
    expect(forbidding(kept('memory'), kept('disk'))).toEqual([
      "mysql's storage: memory in the base, disk in the head.",
    ]);
  });

  test('everything that differs is listed at once', () => {
    const head = started({
      profile: 'paper',
      testbed: { kind: 'physical', accelerator: 'none', settings: {} },
    });
    expect(forbidding(noisyResults(SMALL), head)).toHaveLength(4);
  });

  test('a journal without a record of its start', () => {
    const nameless = journal((one) => one.samples('l1-baseline', 'hackbench', [1]));
    expect(forbidding(noisyResults(SMALL), nameless)).toEqual([
      "The head's journal has no record of its start, so it is unknown what it was measured on.",
    ]);
  });
});

test('other sizes of a benchmark that only one side measured forbid nothing', () => {
  const base = journal((one) => one.start().samples('l1-baseline', 'hackbench', [1]));
  const head = journal((one) => {
    one.start().samples('l1-baseline', 'hackbench', [1]).samples('l1-baseline', 'apache', [1]);
  });
  expect(forbidding(base, head)).toEqual([]);
});

describe('not forbidden', () => {
  test.each([
    [{ host: { ...HOST, kernel: '6.12' } }, { what: 'host kernel', base: '6.1.0-40-amd64', head: '6.12' }],
    [
      { commit: 'ffe0e270eb5c967c4d26e356b22518196f9d72a7', modified: true },
      {
        what: 'nestbench commit',
        base: 'cb90e4d1c0ff',
        head: 'ffe0e270eb5c, with uncommitted changes',
      },
    ],
    [
      { versions: { nestbench: '0.1.0', kernel: '6.20-mine' } },
      { what: 'kernel', base: '6.1.192-nestbench', head: '6.20-mine' },
    ],
    [
      { versions: { nestbench: '0.1.0', kernel: '6.1.192-nestbench', image: 'abc' } },
      { what: 'image', base: 'not recorded', head: 'abc' },
    ],
  ])('%j is reported', (start, difference) => {
    const [base, head] = [noisyResults(SMALL), started(start)];
    expect(forbidding(base, head)).toEqual([]);
    expect(changedBetween(base, head)).toEqual([difference]);
    expect(warningsOf(base, head)).toEqual([]);
  });

  test('another host causes a warning', () => {
    const head = started({ host: { ...HOST, cpuModel: 'Intel Xeon', cpus: 64 } });
    expect(forbidding(noisyResults(SMALL), head)).toEqual([]);
    expect(warningsOf(noisyResults(SMALL), head)).toEqual([
      'ANOTHER HOST: the base was measured on AMD EPYC 7B13, 2 CPUs, 8.0 GiB, the head on Intel Xeon, 64 CPUs, 8.0 GiB. Differences may come from the hosts instead of your change.',
    ]);
  });

  test("the levels' kernel, QEMU and parameters are listed once for all cells, without nestbench's own parameters", () => {
    const base = booted('6.1', 'quiet nestbench.name=l1 tsc_early_khz=1');
    const head = booted('6.2', 'quiet kvm_amd.avic=1 nestbench.name=l1 tsc_early_khz=2');
    expect(changedBetween(base, head)).toEqual([
      { what: "L1's kernel", base: '6.1', head: '6.2' },
      { what: "L1's kernel parameters", base: 'without the others', head: 'kvm_amd.avic=1' },
    ]);
  });

  test('a benchmark that failed part way causes a warning', () => {
    const head = journal((one) => {
      one.start().samples('l1-baseline', 'hackbench', [1, undefined]).fail('l1-baseline', 'hackbench');
    });
    const base = journal((one) => one.start().samples('l1-baseline', 'hackbench', [1, 1]));
    expect(warningsOf(base, head)).toEqual([
      'The head failed part way, with fewer samples than planned: l1-baseline hackbench.',
    ]);
  });
});

const LEVEL = {
  level: 1,
  kernelRelease: '6.1',
  commandLine: '',
  cpuModel: 'AMD EPYC',
  cpus: 1,
  memoryBytes: 2 ** 30,
  clockSource: 'kvm-clock',
  hypervisor: 'KVM',
  kvm: { available: true, nested: '1' },
  nic: { device: 'eth0', driver: 'virtio_net', path: '/sys/devices/pci0000:00' },
  swapBytes: 0,
  qemu: { version: '10.0.2', argv: ['qemu-system-x86_64'], accelerator: 'kvm' },
  pinned: [],
};
