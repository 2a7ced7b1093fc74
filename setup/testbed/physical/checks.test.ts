import { expect, test } from 'vitest';
import type { MachineFinding } from './check.ts';
import { checkMachine, checkTwo } from './checks.ts';
import { parseTestbed } from './testbed-file.ts';
import type { MachineFacts } from './machine-facts.ts';

const testbed = parseTestbed(
  'client: { ssh: c, interface: enp0s4 }\nserver: { ssh: s, interface: enp0s4, directory: /vm/nestbench }\n',
  'testbed.yaml',
);

/** A Debian 12 on a server like the paper's, with the values of the machine of the end-to-end test. */
const FACTS: MachineFacts = {
  os: 'Debian GNU/Linux 12 (bookworm)',
  release: '6.1.0-50-cloud-amd64',
  machine: 'x86_64',
  cpus: '20',
  onlineCpus: '20',
  flags: 'vmx',
  kvm: 'yes',
  nested: 'Y',
  kvmModule: 'yes',
  iommuGroups: '40',
  interface: 'yes',
  interfaces: 'enp0s3 enp0s4 lo ',
  carrier: '1',
  addresses: '10.10.1.2',
  sshOver: 'enp0s3',
  master: '',
  folderFault: '',
  bootId: 'b0d7e0a2-3f4c-4b7e-9a51-0c1d2e3f4a5b',
  virtualFunctions: '7',
  virtualFunctionsThere: '0',
  cardDriver: 'igb',
  cardAddress: '0000:01:00.0',
  firstFunctionOffset: '128',
  governors: 'performance ',
  noTurbo: '1',
  boost: '',
  swaps: '',
  irqbalance: '',
  memoryBytes: '64000000000',
  freeBytes: '50000000000',
  bootFreeBytes: '900000000',
  hugepages: '0',
  grub: '4',
  grubEnvironment: 'yes',
  grubenvOn: '  ext2 ',
  initramfs: '/usr/sbin/update-initramfs',
  busy: '',
  listening: '0016 0019 ',
  offsetSeconds: '0.02',
  askedSeconds: '0.3',
};

function finding(facts: MachineFacts, check: string): MachineFinding | undefined {
  return checkMachine('server', { ...FACTS, ...facts }, testbed).find((one) => one.check === check);
}

test('a machine that has everything has nothing to fix', () => {
  for (const machine of ['client', 'server'] as const) {
    const findings = checkMachine(machine, FACTS, testbed);
    expect(findings.filter(({ verdict }) => verdict !== 'right')).toEqual([]);
    expect(findings.every(({ fix }) => fix === '')).toBe(true);
  }
  // Requirements of the server alone do not apply to the client.
  expect(checkMachine('client', FACTS, testbed).map(({ check }) => check)).not.toContain('SR-IOV');
});

test.each([
  ['private network', { interface: '', carrier: '' }, 'wrong', 'no enp0s4; there are enp0s3, enp0s4, lo'],
  ['private network', { carrier: '0', addresses: '' }, 'wrong', 'enp0s4, without a link, no address'],
  ['SSH over another interface', { sshOver: 'enp0s4' }, 'wrong', 'enp0s4'],
  ['SSH over another interface', { master: 'bond0' }, 'wrong', 'enp0s4 is a port of bond0'],
  ['clock', { offsetSeconds: '-3.456' }, 'wrong', '-3.46 s off'],
  ['disk', { freeBytes: '1000000000' }, 'wrong', '954 MiB at /vm/nestbench'],
  [
    'virtualization',
    { flags: '', kvm: '' },
    'wrong',
    'neither vmx nor svm, KVM as a module that is not loaded',
  ],
  ['nesting', { nested: 'N' }, 'some cells', 'N'],
  ['IOMMU', { iommuGroups: '0' }, 'some cells', '0 groups'],
  [
    'SR-IOV',
    { virtualFunctions: '', cardDriver: 'virtio_net' },
    'some cells',
    "the server's card at enp0s4 (virtio_net) has no virtual functions, but 2 are configured",
  ],
  [
    'SR-IOV',
    { virtualFunctionsThere: '2' },
    'some cells',
    "the server's card at enp0s4 (igb) already has 2 virtual functions that nestbench did not create",
  ],
  ['services', { listening: '0016 0050 0CEA 2BCB' }, 'some cells', 'one listens on 3306, 80, 11211'],
  ['CPUs', { cpus: '4', onlineCpus: '2' }, 'some cells', '4, 2 of them online'],
  ['memory', { memoryBytes: '8000000000' }, 'some cells', '7.5 GiB: the level under test gets 1.0 GiB'],
  // "MemTotal: 49300000 kB", of a server of 48 GB: what a run then takes.
  [
    'memory',
    { memoryBytes: String(49_300_000 * 1024) },
    'some cells',
    '47.0 GiB: the level under test gets 4.0 GiB',
  ],
  ['memory', { memoryBytes: String(51.2 * 2 ** 30 - 1024) }, 'some cells', expect.stringMatching(/gets 4/)],
  [
    'folder',
    { folderFault: '/vm/nestbench/nestbench is not a directory' },
    'wrong',
    '/vm/nestbench/nestbench is not a directory',
  ],
  [
    'boot loader',
    { grubenvOn: 'lvm  ext2 ' },
    'wrong',
    "GRUB, GRUB can't write to /boot/grub/grubenv, which is on lvm, update-initramfs, 858 MiB in /boot",
  ],
  [
    'boot loader',
    { grub: '0', grubenvOn: '', grubEnvironment: 'yes' },
    'wrong',
    "not all of GRUB's programs, it is not known on what /boot/grub/grubenv is, update-initramfs, 858 MiB in /boot",
  ],
  ['SSH over another interface', { sshOver: '' }, 'wrong', 'not known'],
  ['hugepages', { hugepages: '' }, 'wrong', 'none'],
  [
    'boot loader',
    { grub: '1', grubEnvironment: '', initramfs: '' },
    'wrong',
    "not all of GRUB's programs, no /boot/grub/grubenv, no update-initramfs, 858 MiB in /boot",
  ],
  ['CPU frequency', { governors: 'powersave ' }, 'unquiet', 'governor powersave, turbo off'],
  ['CPU frequency', { noTurbo: '0' }, 'unquiet', 'governor performance, turbo on'],
  ['CPU frequency', { noTurbo: '', boost: '1' }, 'unquiet', 'governor performance, turbo on'],
  ['swap', { swaps: '/dev/sda3 ' }, 'unquiet', '/dev/sda3'],
  ['irqbalance', { irqbalance: '734' }, 'unquiet', 'running'],
  ['other work', { busy: 'cc1 (99.0 %) ' }, 'unquiet', 'cc1 (99.0 %)'],
])('%s of %j is found', (check, facts, verdict, found) => {
  const its = finding(facts, check);
  expect(its).toMatchObject({ verdict, found });
  expect(its?.needed).not.toBe('');
  expect(its?.fix).not.toBe('');
});

test.each(
  Object.keys(FACTS).filter(
    (fact) => !/^(os|release|interfaces|addresses|bootId|onlineCpus|card.*|firstFunctionOffset)$/.test(fact),
  ),
)('without %s, nothing that depends on it is right', (fact) => {
  const { [fact]: _, ...facts } = FACTS;
  const findings = checkMachine('server', facts, testbed).filter(({ verdict }) => verdict !== 'right');
  expect(findings).not.toEqual([]);
  for (const { found, fix } of findings) {
    expect(found).toBe(`not known: the machine did not say ${fact}`);
    expect(fix).not.toBe('');
  }
});

test('a machine without any facts has nothing right', () => {
  for (const machine of ['client', 'server'] as const)
    expect(checkMachine(machine, {}, testbed).filter(({ verdict }) => verdict === 'right')).toEqual([]);
});

test('a server with just enough memory gets the sizes of the paper', () => {
  expect(finding({ memoryBytes: String(51.2 * 2 ** 30) }, 'memory')).toMatchObject({
    verdict: 'right',
    found: '51.2 GiB: the level under test gets 12.0 GiB',
  });
});

test('two names of one machine are not two machines', () => {
  const other = { ...FACTS, bootId: '1c0e8c52-7d31-4f0e-8b3f-8a4a60b0f6f1' };
  expect(checkTwo(FACTS, other).verdict).toBe('right');
  expect(checkTwo(FACTS, FACTS)).toMatchObject({ verdict: 'wrong', found: 'the same host as the client' });
  expect(checkTwo(FACTS, {})).toMatchObject({ verdict: 'wrong', found: 'not known' });
  expect(checkTwo({ bootId: '' }, { bootId: '' })).toMatchObject({ verdict: 'wrong', found: 'not known' });
});

test('an interface that is down can be set up by a run', () => {
  expect(finding({ carrier: '' }, 'private network')).toMatchObject({
    verdict: 'right',
    found: 'enp0s4, not up, 10.10.1.2',
  });
});

test('a machine whose frequency the system can’t set is right', () => {
  expect(finding({ governors: '', noTurbo: '', boost: '' }, 'CPU frequency')?.verdict).toBe('right');
});
