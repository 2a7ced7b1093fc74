import { expect, test } from 'vitest';
import { guestQemu } from './guest-qemu.ts';
import { networkOf } from './network.ts';
import { qemuArgv, qemuOptions } from './qemu-argv.ts';
import type { QemuPlan } from './qemu-plan.ts';

const cell = { name: 'l1-baseline', level: 1, configuration: 'baseline' } as const;
const qemu = guestQemu({
  program: 'qemu',
  network: networkOf(cell, 1, { card: 'virtio-net-pci' }),
  paths: { kernel: '/k', image: '/i', seed: '/s', qmpSocket: '/q', consoleSocket: '/c' },
  version: undefined,
  passesHalts: false,
});

function planned(changes: Partial<QemuPlan> = {}) {
  const kernelParameters = ['quiet', 'a=b,c'].map((text) => ({ text, from: 'machine' as const }));
  return { cpus: 2, memoryMiB: 768, kernelParameters, qemu: { ...qemu, ...changes } };
}

/** The values of an option, in order. */
function valuesOf(option: string, changes: Partial<QemuPlan> = {}): (string | undefined)[] {
  return qemuOptions(planned(changes)).flatMap(([name, value]) => (name === option ? [value] : []));
}

test('the program comes first, then each option with its value', () => {
  expect(qemuArgv(planned()).slice(0, 7)).toEqual([
    'qemu',
    '-M',
    'microvm,pcie=on,pit=off,pic=off,rtc=off,isa-serial=off,x-option-roms=off',
    '-bios',
    'qboot.rom',
    '-accel',
    'kvm',
  ]);
});

test('the kernel command line is one unchanged word', () => {
  expect(valuesOf('-append')).toEqual(['quiet a=b,c']);
});

test("a comma in a property's value is doubled, so that it does not end the value", () => {
  const file = '/tmp/a,b/seed.tar';
  expect(valuesOf('-drive', { devices: [{ option: 'drive', properties: { file, format: 'raw' } }] })).toEqual(
    ['file=/tmp/a,,b/seed.tar,format=raw'],
  );
  expect(valuesOf('-qmp', { qmpSocket: '/tmp/a,b/q' })).toEqual(['unix:/tmp/a,,b/q,server=on,wait=off']);
  expect(valuesOf('-pidfile', { pidFile: '/tmp/a,b/p' })).toEqual(['/tmp/a,b/p']);
});

test('a guest ends with its reboot or panic, and has no display', () => {
  expect(qemuArgv(planned())).toContain('-no-reboot');
  expect(valuesOf('-display')).toEqual(['none']);
});

test('QEMU adds its own devices and configuration files only on request', () => {
  const words = ['-nodefaults', '-no-user-config'];
  expect(qemuArgv(planned({ isBare: true }))).toEqual(expect.arrayContaining(words));
  expect(qemuArgv(planned({ isBare: false })).filter((word) => words.includes(word))).toEqual([]);
});

test('HLT passes only on request', () => {
  expect(valuesOf('-overcommit', { passesHalts: true })).toEqual(['cpu-pm=on']);
  expect(valuesOf('-overcommit')).toEqual([]);
});

test('the DVH QEMU gets its option', () => {
  expect(valuesOf('-dvh', { dvh: { vtimer: 'on', vipi: 'on' } })).toEqual(['vtimer=on,vipi=on']);
});

test('a state to start from goes last', () => {
  const [stream, file] = ['exec:cat /state', 'file:/state'];
  expect(qemuArgv(planned({ incoming: stream })).slice(-2)).toEqual(['-incoming', stream]);
  expect(qemuArgv(planned({ incoming: file })).slice(-4)).toEqual([
    '-global',
    'migration.mapped-ram=on',
    '-incoming',
    file,
  ]);
});
