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

test('a machine gets its name and its address', () => {
  expect(words()).toEqual(expect.arrayContaining(['nestbench.name=l2', 'nestbench.address=10.10.1.101/24']));
});

test('the console is quiet, and a panic ends the machine', () => {
  expect(words()).toEqual(expect.arrayContaining(['quiet', 'console=hvc0', 'panic=-1']));
});

test('the root is the image, read-only, and nestbench’s init runs', () => {
  expect(words()).toEqual(
    expect.arrayContaining(['root=/dev/vda', 'rootfstype=erofs', 'ro', 'init=/usr/sbin/nestbench-init']),
  );
});

test('a level that boots a disk image of the user’s has its root, its init, and its address from the kernel', () => {
  const own = words({ ownRoot: '/dev/vda1', bridge: 'with-nic' });
  expect(own).toEqual(
    expect.arrayContaining([
      'root=/dev/vda1',
      'rw',
      'net.ifnames=0',
      'ip=10.10.1.101:::255.255.255.0:l2:eth0:off',
    ]),
  );
  expect(own.filter((word) => /^(init|rootfstype|nestbench\..*)=/.test(word))).toEqual([]);
});

test('a machine without guests has no parameters of KVM', () => {
  expect(words().filter((word) => word.startsWith('kvm'))).toEqual([]);
});

test.each([
  [true, 1],
  [false, 0],
])('a machine whose guests nest (%s) has the parameters of both vendors', (nested, value) => {
  expect(words({ kvm: { nested, dvhMask: 0 } }).filter((word) => word.startsWith('kvm'))).toEqual([
    'kvm.tsc_tolerance_ppm=100000',
    `kvm_amd.nested=${value}`,
    `kvm_intel.nested=${value}`,
  ]);
});

test('direct virtual hardware is only on if requested', () => {
  expect(words({ kvm: { nested: true, dvhMask: 3 } })).toContain('kvm_amd.dvh=3');
  expect(words({ kvm: { nested: true, dvhMask: 0 } }).filter((word) => word.includes('dvh'))).toEqual([]);
});

function nicsOf(options: Partial<CommandLineOptions>): string[] {
  return words(options).filter((word) => /=eth\d$/.test(word));
}

test('an emulated machine gets the rate of its TSC, others do not', () => {
  expect(words({ tscKhz: 2_450_000 })).toContain('tsc_early_khz=2450000');
  expect(words().filter((word) => word.startsWith('tsc_early_khz'))).toEqual([]);
});

test('the bridge and the NIC for SSH are only named if they exist', () => {
  expect(nicsOf({})).toEqual([]);
  expect(nicsOf({ bridge: 'with-nic' })).toEqual(['nestbench.bridge=eth0']);
  expect(nicsOf({ management: true })).toEqual(['nestbench.management=eth1']);
  expect(nicsOf({ bridge: 'with-nic', management: true })).toHaveLength(2);
});

test('the names of guests in a separate bridge are listed, and the NIC stays out of it', () => {
  const line = words({ bridge: { routesTo: ['10.10.1.100', '10.10.1.101'] } });
  expect(line).toContain('nestbench.routes=10.10.1.100,10.10.1.101');
  expect(line.filter((word) => word.startsWith('nestbench.bridge'))).toEqual([]);
});

test('the IOMMU is only on if requested', () => {
  expect(words({ iommu: true })).toContain('intel_iommu=on');
  expect(words().filter((word) => word.includes('iommu'))).toEqual([]);
});

test('no parameter occurs twice, and the line is shorter than the kernel’s limit', () => {
  const all = words({
    bridge: 'with-nic',
    management: true,
    tscKhz: 2_450_000,
    kvm: { nested: true, dvhMask: 0 },
  });
  const names = all.map((word) => word.split('=')[0]);
  expect(new Set(names).size).toBe(names.length);
  // COMMAND_LINE_SIZE of x86.
  expect(all.join(' ').length).toBeLessThan(2048);
});
