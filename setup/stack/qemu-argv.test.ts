import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { networkOf } from './network.ts';
import { EMULATED_CPU, guestQemu, hostQemu } from './qemu-argv.ts';

const paths = { kernel: '/k', image: '/i', seed: '/s', qmpSocket: '/q', consoleSocket: '/c' };
const baseline = { name: 'l1-baseline', level: 1, configuration: 'baseline' } as const;
const passthrough = { name: 'l1-passthrough', level: 1, configuration: 'passthrough' } as const;
const common = { cpus: 2, memoryMiB: 768, commandLine: 'quiet a=b', paths };
const guest = {
  ...common,
  network: networkOf(baseline, 1, { card: 'virtio-net-pci' }),
  program: 'qemu',
  isVintage: false,
  passesHalts: false,
};
const host = {
  ...common,
  network: networkOf(baseline, 0, { card: 'virtio-net-pci' }),
  program: 'qemu-system-x86_64',
  pidFile: '/p',
  wire: { local: '/wire.a', remote: '/wire.b' },
};

function valueOf(argv: readonly string[], option: string): string | undefined {
  return argv[argv.indexOf(option) + 1];
}

describe('a machine of the host', () => {
  test('is emulated with SVM and nested paging where the host has no virtualization for it', () => {
    const argv = hostQemu({ ...host, accelerator: 'tcg', clock: 'real' });
    expect(valueOf(argv, '-accel')).toBe('tcg,thread=multi');
    expect(valueOf(argv, '-cpu')).toBe(EMULATED_CPU);
    expect(EMULATED_CPU.split(',')).toEqual(expect.arrayContaining(['+svm', '+npt', '+v-vmsave-vmload']));
  });

  test("shows the host's own CPU under KVM", () => {
    const argv = hostQemu({ ...host, accelerator: 'kvm', clock: 'real' });
    expect([valueOf(argv, '-accel'), valueOf(argv, '-cpu')]).toEqual(['kvm', 'host']);
  });

  test('has the experiment’s NIC first, then the one for SSH: eth0 and eth1', () => {
    const nics = hostQemu({ ...host, accelerator: 'tcg', clock: 'real' }).filter((word) =>
      word.startsWith('virtio-net-pci'),
    );
    expect(nics.map((nic) => /netdev=(\w+)/.exec(nic)?.[1])).toEqual(['wire', 'management']);
  });

  test('leaves its pid where the sweep looks', () => {
    expect(valueOf(hostQemu({ ...host, accelerator: 'tcg', clock: 'real' }), '-pidfile')).toBe('/p');
  });
});

describe('a guest', () => {
  const argv = guestQemu(guest);

  test('runs under KVM with the CPU of its host', () => {
    expect([valueOf(argv, '-accel'), valueOf(argv, '-cpu')]).toEqual(['kvm', 'host']);
  });

  test("has the artifact's NIC and no other: modern virtio-net on a tap with vhost", () => {
    expect(valueOf(argv, '-netdev')).toMatch(/^tap,.*vhost=on$/);
    const nics = argv.filter((word) => word.includes('-net-'));
    expect(nics).toEqual([
      'virtio-net-pci,netdev=wire,mac=de:ad:be:ef:f2:10,disable-legacy=on,romfile=,addr=0x10',
    ]);
  });
});

test.each([
  ['host', hostQemu({ ...host, accelerator: 'tcg', clock: 'real' })],
  ['guest', guestQemu(guest)],
])('the kernel command line of a %s is one word, spaces and all', (_name, argv) => {
  expect(argv.filter((word) => word.includes('quiet'))).toEqual(['quiet a=b']);
});

test('a guest ends with its reboot or panic, and has no display and no default devices', () => {
  for (const argv of [hostQemu({ ...host, accelerator: 'tcg', clock: 'real' }), guestQemu(guest)]) {
    expect(argv).toEqual(expect.arrayContaining(['-no-reboot', '-nodefaults', '-no-user-config']));
    expect(valueOf(argv, '-display')).toBe('none');
  }
});

function help(option: string): string {
  return execFileSync('qemu-system-x86_64', [option, 'help'], { encoding: 'utf8' });
}

test("this host's QEMU knows the machines, the CPU and every device of an argv", () => {
  const known = [help('-machine'), help('-cpu'), help('-device')].join('\n');
  const assigning = { ...host, network: networkOf(passthrough, 0, { card: 'virtio-net-pci' }) };
  const assigned = { ...guest, network: networkOf(passthrough, 1, { card: 'virtio-net-pci' }) };
  const argvs = [host, assigning].map((options) =>
    hostQemu({ ...options, accelerator: 'tcg', clock: 'real' }),
  );
  argvs.push(guestQemu(guest), guestQemu(assigned));
  const named = argvs.flatMap((argv) =>
    argv.flatMap((word, index) =>
      ['-M', '-device'].includes(argv[index - 1] ?? '') ? (word.split(',')[0] ?? '') : [],
    ),
  );
  const unknown = [...named, 'EPYC-v1'].filter(
    (name) => !new RegExp(`(^|[\\s"])${name}([\\s"]|$)`, 'm').test(known),
  );
  expect(unknown).toEqual([]);
});
