import { expect, test } from 'vitest';
import { findCell } from '../../../fixtures/matrix.ts';
import { CPU_SCALES } from '../../../fixtures/sizing.ts';
import type { Facts } from '../../stack/facts.ts';
import { parseTestbed } from './testbed-file.ts';
import { physicalDifferences } from './server-facts.ts';
import { markOf } from './grub-entry.ts';
import { planPhysical } from './physical-plan.ts';

const testbed = parseTestbed(
  'client: { ssh: c, interface: eno2 }\nserver: { ssh: s, interface: eno2 }\n',
  'testbed.yaml',
);
const cell = findCell('l2-baseline');
if (cell === undefined) throw new RangeError('there is no l2-baseline');
const { server, client } = planPhysical(cell, {
  testbed,
  sizing: { cpus: CPU_SCALES[0], memoryMiB: 12_288 },
  installed: { client: '6.1.0-50-amd64', server: '6.1.0-50-amd64' },
  kernels: {},
  qemus: {},
  card: { whyNot: 'nobody looked' },
  clientCpus: 20,
});

const RIGHT: Facts['record'] = {
  level: 0,
  kernelRelease: '6.1.0-50-amd64',
  commandLine:
    'BOOT_IMAGE=/vmlinuz root=UUID=0 ro maxcpus=8 kvm-intel.nested=1 kvm-amd.nested=1 panic=10 nestbench.boot=0',
  cpuModel: 'Intel(R) Xeon(R) Silver 4114 CPU @ 2.20GHz',
  cpus: 8,
  memoryBytes: 200e9,
  clockSource: 'tsc',
  hypervisor: 'none',
  kvm: { available: true, nested: 'Y' },
  nic: { device: 'eno2', driver: 'ixgbe', path: '/sys/devices/pci0000:00', mac: '0c:c4:7a:00:00:01' },
  otherNics: ['eno1'],
  swapBytes: 0,
};

function wrong(changes: Partial<Facts['record']>, tscTrouble = '', plan = server): string[] {
  return physicalDifferences(plan, { record: { ...RIGHT, ...changes }, tscTrouble });
}

test('a server that matches the plan has no differences', () => {
  expect(wrong({})).toEqual([]);
});

test.each([
  [{ kernelRelease: '6.1.0-49-amd64' }, 'its kernel is 6.1.0-49-amd64, planned was 6.1.0-50-amd64'],
  [{ commandLine: 'ro maxcpus=8' }, 'its kernel was started without kvm-intel.nested=1 kvm-amd.nested=1'],
  [{ cpus: 20 }, 'it has 20 CPUs online, planned were 8 (maxcpus)'],
  [{ kvm: { available: false, nested: 'Y' } }, 'there is no /dev/kvm'],
  [{ kvm: { available: true, nested: 'N' } }, 'KVM\'s nested parameter is "N", planned was on'],
  [{ nic: { ...RIGHT.nic, device: 'eno1' } }, '10.10.1.2 is on eno1, planned was eno2'],
  [{ clockSource: 'hpet' }, 'its clock source is hpet, which costs guests exits; planned was the TSC'],
] as const)('%j is reported', (changes, message) => {
  expect(wrong(changes)).toEqual([message]);
});

test('a KVM that gave up on the TSC rate is reported with its own message', () => {
  const line = 'kvm: SVM: TSC rate below hardware speed';
  expect(wrong({}, line)).toEqual([
    `its KVM gave up on the TSC rate, so its guests' timers are late (${line})`,
  ]);
});

test('a client may have any number of CPUs, and needs no KVM', () => {
  const record = { cpus: 20, kvm: { available: false, nested: '' }, commandLine: 'ro' };
  expect(wrong(record, '', client)).toEqual([]);
});

test('another build of the same release is detected by its mark', () => {
  const ours = { ...server, boot: { ...server.boot, build: 'new' } };
  const old = `${RIGHT.commandLine} ${markOf({ ...ours.boot, build: 'old' })}`;
  expect(wrong({ commandLine: old }, '', ours)).toEqual([
    `its kernel was started without ${markOf(ours.boot)}`,
  ]);
  expect(wrong({ commandLine: `${RIGHT.commandLine} ${markOf(ours.boot)}` }, '', ours)).toEqual([]);
});
