import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { guestQemu } from '../../stack/guest-qemu.ts';
import { networkOf } from '../../stack/network.ts';
import { EMULATED_CPU, hostQemu } from './emulated-qemu.ts';

const paths = { kernel: '/k', image: '/i', seed: '/s', qmpSocket: '/q', consoleSocket: '/c' };
const baseline = { name: 'l1-baseline', level: 1, configuration: 'baseline' } as const;
const passthrough = { name: 'l1-passthrough', level: 1, configuration: 'passthrough' } as const;
const host = {
  program: 'qemu-system-x86_64',
  network: networkOf(baseline, 0, { card: 'virtio-net-pci' }),
  paths,
  clock: 'real',
  pidFile: '/p',
  wire: { local: '/wire.a', remote: '/wire.b' },
} as const;

test('a machine is emulated with SVM and nested paging if the host has no virtualization for it', () => {
  const { accelerator, cpu } = hostQemu({ ...host, accelerator: 'tcg' });
  expect(accelerator).toEqual({ type: 'tcg', properties: { thread: 'multi' } });
  expect(cpu).toBe(EMULATED_CPU);
  expect(EMULATED_CPU.features).toEqual(expect.arrayContaining(['+svm', '+npt', '+v-vmsave-vmload']));
});

test("a machine has the host's own CPU under KVM", () => {
  const { accelerator, cpu } = hostQemu({ ...host, accelerator: 'kvm' });
  expect([accelerator.type, cpu.model]).toEqual(['kvm', 'host']);
});

test('in virtual time one thread runs all CPUs, and an instruction takes a nanosecond', () => {
  const { accelerator, icountShift } = hostQemu({ ...host, accelerator: 'tcg', clock: 'virtual' });
  expect([accelerator, icountShift]).toEqual([{ type: 'tcg', properties: { thread: 'single' } }, 0]);
});

test('a machine has the experiment’s NIC first, then the one for SSH: eth0 and eth1', () => {
  const { network } = hostQemu({ ...host, accelerator: 'tcg' });
  const nics = network.filter(({ type }) => type === 'virtio-net-pci');
  expect(nics.map(({ properties }) => properties['netdev'])).toEqual(['wire', 'management']);
});

test('a machine writes its pid file where the sweep looks', () => {
  expect(hostQemu({ ...host, accelerator: 'tcg' }).pidFile).toBe('/p');
});

function help(option: string): string {
  return execFileSync('qemu-system-x86_64', [option, 'help'], { encoding: 'utf8' });
}

test("this host's QEMU has the machines, the CPU and every device of a plan", () => {
  const known = [help('-machine'), help('-cpu'), help('-device')].join('\n');
  const on = (cell: typeof baseline | typeof passthrough) => ({
    host: { ...host, accelerator: 'tcg', network: networkOf(cell, 0, { card: 'virtio-net-pci' }) } as const,
    guest: {
      program: 'qemu',
      paths,
      version: undefined,
      passesHalts: false,
      network: networkOf(cell, 1, { card: 'virtio-net-pci' }),
    },
  });
  const qemus = [on(baseline), on(passthrough)].flatMap((its) => [hostQemu(its.host), guestQemu(its.guest)]);
  const machines = qemus.map(({ machine }) => machine.type);
  const devices = qemus
    .flatMap((qemu) => qemu.devices.concat(qemu.network))
    .flatMap(({ option, type = '' }) => (option === 'device' ? [type] : []));
  const unknown = [...machines, ...devices, EMULATED_CPU.model].filter(
    (name) => !new RegExp(`(^|[\\s"])${name}([\\s"]|$)`, 'm').test(known),
  );
  expect(unknown).toEqual([]);
});
