import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cell } from '../../fixtures/matrix.ts';
import type { LevelFacts } from '../../fixtures/records.ts';
import { NestbenchError } from '../lib/errors.ts';
import {
  checkFacts,
  checkFactsButClock,
  differences,
  type GuestFacts,
  parseAssigned,
  parseFacts,
} from './facts.ts';
import { commandLineOf } from './kernel-command-line.ts';
import type { MachinePlan } from './machine-plan.ts';
import { qemuArgv } from './qemu-argv.ts';
import { planStack } from '../testbed/emulated/stack-plan.ts';

/** The output of nestbench-facts on L0 and L1 of a booted l1-baseline, and on L1 of l1-passthrough. */
function captured(name: 0 | 1 | '1-passthrough'): string {
  return readFileSync(path.join(import.meta.dirname, `captured/facts-l${name}.txt`), 'utf8');
}

function planned(cell: Cell): readonly [MachinePlan, MachinePlan] {
  const [server, guest] = planStack(cell, {
    accelerator: 'tcg',
    card: 'virtio-net-pci',
    tscKhz: 2_596_100,
    sizing: { cpus: { last: 1, reservedOnServer: 1, reservedInGuests: 0 }, memoryMiB: 1024 },
    paths: {
      kernel: '/k',
      image: '/i',
      emulator: '/e/bin/qemu-system-x86_64',
      tools: '/e/bin',
      runtime: '/r',
    },
  }).levels;
  if (guest === undefined) throw new Error(`${cell.name} has no guest`);
  return [server, guest];
}

const [l0, l1] = planned({ name: 'l1-baseline', level: 1, configuration: 'baseline' });
const [assigning, assigned] = planned({ name: 'l1-passthrough', level: 1, configuration: 'passthrough' });

const RELEASE = '6.1.192-nestbench';

/** The machine as planned: the captured facts, and those of its QEMU. */
function factsOf(plan: MachinePlan, text: string, fields: Partial<LevelFacts> = {}): GuestFacts {
  const found = parseFacts(plan.name, text);
  return {
    tscTrouble: found.tscTrouble,
    record: {
      ...found,
      level: plan.level,
      memoryBytes: found.memoryKiB * 1024,
      swapBytes: found.swapKiB * 1024,
      kvm: { available: found.kvm === 'yes', nested: found.nested },
      nic: { device: found.nic, driver: found.nicDriver, path: found.nicPath, mac: found.nicMac },
      otherNics: found.otherNics === '' ? [] : found.otherNics.split(' '),
      qemu: { version: '7.2.22', argv: qemuArgv(plan), accelerator: plan.accelerator },
      pinned: plan.pins.map(({ vcpu, cpu }) => ({ vcpu, cpu, thread: 4711 })),
      ...fields,
    },
  };
}

function thrownBy(work: () => unknown): NestbenchError {
  try {
    work();
  } catch (error) {
    if (error instanceof NestbenchError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('what a machine reports of itself', () => {
  test('is read', () => {
    expect(parseFacts('l1', captured(1))).toMatchObject({
      kernelRelease: RELEASE,
      cpus: 1,
      memoryKiB: 1_018_464,
      swapKiB: 0,
      clockSource: 'kvm-clock',
      hypervisor: 'KVM',
      kvm: 'no',
      nic: 'eth0',
      nicDriver: 'virtio_net',
    });
  });

  test('keeps the equals signs of a kernel command line', () => {
    expect(parseFacts('l1', captured(1)).commandLine).toBe(commandLineOf(l1.kernelParameters));
  });

  test('names the nesting parameter of the vendor whose KVM is loaded', () => {
    expect(parseFacts('l0', captured(0))).toMatchObject({ kvm: 'yes', nested: '0' });
  });

  test.each(['kernelRelease', 'cpus', 'memoryKiB', 'clockSource', 'kvm', 'nic'])(
    'is rejected if %s is missing, with its name and the whole text',
    (name) => {
      const text = captured(1)
        .split('\n')
        .filter((line) => !line.startsWith(`${name}=`))
        .join('\n');
      const error = thrownBy(() => parseFacts('l1', text));
      expect(error).toMatchObject({
        code: 'NESTBENCH_CHECK_FAILED',
        kind: 'infrastructure',
        machine: 'l1',
        output: text,
      });
      expect(error.message).toContain(`cannot be read: ${name}:`);
    },
  );

  test.each([
    ['cpus=1', 'cpus=zero'],
    ['cpus=1', 'cpus=0'],
    ['cpus=1', 'cpus=1.5'],
    ['cpus=1', 'cpus='],
    ['memoryKiB=1018464', 'memoryKiB=-1'],
    ['kvm=no', 'kvm=maybe'],
    ['nic=eth0', 'nic='],
  ])('is rejected if %s is %s', (good, bad) => {
    const error = thrownBy(() => parseFacts('l1', captured(1).replace(good, bad)));
    expect(error.message).toContain(bad.split('=')[0]);
  });

  test('is rejected with a nestbench error if it is cut off or something else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.nat(captured(1).indexOf('otherNics=')).map((cut) => captured(1).slice(0, cut)),
        ),
        (text) => {
          expect(thrownBy(() => parseFacts('l1', text)).code).toBe('NESTBENCH_CHECK_FAILED');
        },
      ),
    );
  });
});

describe('compared with the plan', () => {
  test('the captured machines match the plan', () => {
    expect(differences(l0, factsOf(l0, captured(0)), RELEASE)).toEqual([]);
    // captured on a level of 1024 MiB
    expect(differences(l1, factsOf(l1, captured(1)), RELEASE)).toEqual([]);
  });

  const otherwise: [string, Partial<LevelFacts>, RegExp][] = [
    ['another kernel', { kernelRelease: '6.1.0-40-amd64' }, /^the kernel release is "6\.1\.0-40-amd64"/],
    [
      'another command line',
      { commandLine: 'quiet' },
      /^the kernel command line is "quiet", planned was "quiet cons/,
    ],
    ['other CPUs', { cpus: 2 }, /^the number of CPUs is 2, planned was 1$/],
    ['swap', { swapBytes: 4096 }, /^swap is 4096/],
    [
      'emulation in place of KVM',
      { hypervisor: 'TCG' },
      /^the hypervisor that it sees is "TCG", planned was "KVM"$/,
    ],
    ['another clock', { clockSource: 'tsc' }, /^the clock source is "tsc", planned was "kvm-clock"$/],
    ['too little memory', { memoryBytes: 500 * 2 ** 20 }, /^its memory is 500 MiB, planned were 1024$/],
    ['too much memory', { memoryBytes: 1025 * 2 ** 20 }, /^its memory is 1025 MiB, planned were 1024$/],
    ['a vCPU that is not pinned', { pinned: [] }, /^the number of pinned vCPUs is 0, planned was 1$/],
    [
      'another NIC',
      { nic: { ...factsOf(l1, captured(1)).record.nic, driver: 'e1000' } },
      /^the driver of the NIC .* is "e1000"/,
    ],
    [
      'a QEMU that emulates',
      { qemu: { version: '7.2', argv: [], accelerator: 'tcg' } },
      /^its QEMU's accelerator is "tcg"/,
    ],
  ];

  test.each(otherwise)('%s is the one difference that is named', (_name, fields, sentence) => {
    const found = differences(l1, factsOf(l1, captured(1), fields), RELEASE);
    expect(found).toEqual([expect.stringMatching(sentence)]);
  });

  test('a NIC that was assigned to the level matches the plan', () => {
    expect(differences(assigned, factsOf(assigned, captured('1-passthrough')), RELEASE)).toEqual([]);
  });

  test('traffic that goes another way than by the assigned NIC is a difference', () => {
    const found = differences(assigned, factsOf(assigned, captured(1)), RELEASE);
    expect(found).toEqual([
      expect.stringMatching(
        /^the MAC of the NIC .* is "de:ad:be:ef:f2:10", planned was "de:ad:be:ef:f2:01"$/,
      ),
      expect.stringMatching(
        /^the PCI address of the NIC .* is "0000:00:10\.0", planned was "0000:00:11\.0"$/,
      ),
    ]);
  });

  test('a second NIC besides the assigned one is a difference', () => {
    const facts = factsOf(assigned, captured('1-passthrough'), { otherNics: ['eth1'] });
    expect(differences(assigned, facts, RELEASE)).toEqual([expect.stringContaining('other NICs besides')]);
  });

  test('a level without the NIC that it should assign is a difference', () => {
    const facts = factsOf(assigning, captured(0), {
      commandLine: commandLineOf(assigning.kernelParameters),
      otherNics: ['eth1', 'eth2'],
    });
    expect(differences(assigning, facts, RELEASE)).toEqual([]);
    const without = { ...facts, record: { ...facts.record, otherNics: ['eth1'] } };
    expect(differences(assigning, without, RELEASE)).toEqual([expect.stringContaining('should assign')]);
  });

  test.each([['eth1'], ['eth1', 'eth2']])(
    'a device bound to vfio-pci is not expected among the NICs (%s)',
    (...otherNics) => {
      // eth2 of an igb: its physical function, which stays with the level.
      const facts = factsOf(assigning, captured(0), {
        commandLine: commandLineOf(assigning.kernelParameters),
        otherNics,
        handsOn: { pciAddress: '0000:01:00.0', identity: '1af4:1041', driver: 'vfio-pci', group: '9' },
      });
      expect(differences(assigning, facts, RELEASE)).toEqual([]);
    },
  );

  test('a level that runs guests must have /dev/kvm', () => {
    const facts = factsOf(l0, captured(0), { kvm: { available: false, nested: '0' } });
    expect(differences(l0, facts, RELEASE)).toEqual([
      'the availability of /dev/kvm is false, planned was true',
    ]);
  });

  test.each(['1', 'Y'])('nesting (%s) that was not planned is a difference', (nested) => {
    const facts = factsOf(l0, captured(0), { kvm: { available: true, nested } });
    expect(differences(l0, facts, RELEASE)).toEqual(['nesting is true, planned was false']);
  });

  test('what KVM would offer a level without guests does not matter', () => {
    const facts = factsOf(l1, captured(1), { kvm: { available: true, nested: 'Y' } });
    expect(differences(l1, facts, RELEASE)).toEqual([]);
  });

  test('an emulated machine must use the TSC as its clock', () => {
    const facts = factsOf(l0, captured(0), { clockSource: 'hpet' });
    expect(differences(l0, facts, RELEASE)).toEqual([expect.stringContaining('the clock source is hpet')]);
  });

  test('a KVM that gave up on the TSC rate is a difference', () => {
    const facts = { ...factsOf(l1, captured(1)), tscTrouble: 'user requested TSC rate below hardware speed' };
    expect(differences(l1, facts, RELEASE)).toEqual([expect.stringContaining('below hardware speed')]);
  });

  test('a failed check names every difference at once, and the machine', () => {
    const facts = factsOf(l1, captured(1), { cpus: 3, swapBytes: 1 });
    const error = thrownBy(() => checkFacts(l1, facts, RELEASE));
    expect(error).toMatchObject({ code: 'NESTBENCH_CHECK_FAILED', machine: 'l1' });
    expect(error.message).toMatch(
      /^l1 is up, but differs from its plan: .*CPUs is 3.*; swap is 1.*measured on it\.$/,
    );
  });

  test('if only its boot is measured, differences of the clock do not count', () => {
    const late = { ...factsOf(l1, captured(1), { clockSource: 'tsc' }), tscTrouble: 'below hardware speed' };
    expect(() => checkFactsButClock(l1, late, RELEASE)).not.toThrow();
    const small = { ...late, record: { ...late.record, cpus: 3 } };
    expect(thrownBy(() => checkFactsButClock(l1, small, RELEASE)).message).toContain('CPUs is 3');
  });

  test('a successful check throws nothing', () => {
    expect(() => checkFacts(l1, factsOf(l1, captured(1)), RELEASE)).not.toThrow();
  });
});

describe('the device bound to vfio-pci', () => {
  const said = readFileSync(path.join(import.meta.dirname, 'captured/assigned-l0.txt'), 'utf8');
  const device = '0000:01:00.0';

  test('is read', () => {
    expect(parseAssigned('l0', device, said)).toEqual({
      pciAddress: device,
      identity: '1af4:1041',
      driver: 'vfio-pci',
      group: '9',
    });
  });

  test.each([
    ['another device', said.replace('01:00', '02:00')],
    ['another driver', said.replace('vfio-pci', 'virtio-pci')],
    ['no IOMMU group', said.replace('group=9', 'group=')],
    ['nothing', ''],
  ])('is rejected if it is %s, with the output', (_what, text) => {
    expect(thrownBy(() => parseAssigned('l0', device, text))).toMatchObject({
      code: 'NESTBENCH_CHECK_FAILED',
      machine: 'l0',
      output: text,
    });
  });
});
