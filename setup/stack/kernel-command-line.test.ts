import { expect, test } from 'vitest';
import { type CommandLineOptions, kernelParameters } from './kernel-command-line.ts';

const plain: CommandLineOptions = {
  name: 'l2',
  address: '10.10.1.101/24',
  bridge: undefined,
  iommu: false,
  management: false,
  tscKhz: undefined,
  emulated: true,
  kvm: undefined,
};

function words(options: Partial<CommandLineOptions> = {}): string[] {
  return kernelParameters({ ...plain, ...options }).map(({ text }) => text);
}

test('a machine is told its name and its address', () => {
  expect(words()).toEqual(expect.arrayContaining(['nestbench.name=l2', 'nestbench.address=10.10.1.101/24']));
});

test('the console is quiet, and a panic ends the machine', () => {
  expect(words()).toEqual(expect.arrayContaining(['quiet', 'console=hvc0', 'panic=-1']));
});

test('the root is the image, read-only, and our init runs', () => {
  expect(words()).toEqual(
    expect.arrayContaining(['root=/dev/vda', 'rootfstype=erofs', 'ro', 'init=/usr/sbin/nestbench-init']),
  );
});

test('a machine without guests has no parameters of KVM', () => {
  expect(words().filter((word) => word.startsWith('kvm'))).toEqual([]);
});

test.each([
  [true, 1],
  [false, 0],
])('a machine whose guests nest (%s) is told so in the words of both vendors', (nested, value) => {
  expect(words({ kvm: { nested } }).filter((word) => word.startsWith('kvm'))).toEqual([
    'kvm.tsc_tolerance_ppm=100000',
    `kvm_amd.nested=${value}`,
    `kvm_intel.nested=${value}`,
  ]);
});

function nicsOf(options: Partial<CommandLineOptions>): string[] {
  return words(options).filter((word) => /=eth\d$/.test(word));
}

test('a machine that is emulated is told the rate of its TSC, another is not', () => {
  expect(words({ tscKhz: 2_450_000 })).toContain('tsc_early_khz=2450000');
  expect(words().filter((word) => word.startsWith('tsc_early_khz'))).toEqual([]);
});

test('the bridge and the NIC for SSH are named only where they are', () => {
  expect(nicsOf({})).toEqual([]);
  expect(nicsOf({ bridge: 'with-nic' })).toEqual(['nestbench.bridge=eth0']);
  expect(nicsOf({ management: true })).toEqual(['nestbench.management=eth1']);
  expect(nicsOf({ bridge: 'with-nic', management: true })).toHaveLength(2);
});

test('guests in a bridge of their own are named, and the NIC stays out of it', () => {
  const line = words({ bridge: { routesTo: ['10.10.1.100', '10.10.1.101'] } });
  expect(line).toContain('nestbench.routes=10.10.1.100,10.10.1.101');
  expect(line.filter((word) => word.startsWith('nestbench.bridge'))).toEqual([]);
});

test('the IOMMU is on only where it is asked for', () => {
  expect(words({ iommu: true })).toContain('intel_iommu=on');
  expect(words().filter((word) => word.includes('iommu'))).toEqual([]);
});

test('no parameter stands there twice, and the line is shorter than what the kernel takes', () => {
  const all = words({ bridge: 'with-nic', management: true, tscKhz: 2_450_000, kvm: { nested: true } });
  const names = all.map((word) => word.split('=')[0]);
  expect(new Set(names).size).toBe(names.length);
  // COMMAND_LINE_SIZE of x86.
  expect(all.join(' ').length).toBeLessThan(2048);
});
