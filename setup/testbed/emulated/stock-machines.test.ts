import { expect, test } from 'vitest';
import type { Accelerator } from '../../../fixtures/accelerator.ts';
import { findCell } from '../../../fixtures/matrix.ts';
import { commandLineOf } from '../../stack/kernel-command-line.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import { qemuOptions } from '../../stack/qemu-argv.ts';
import { planStack } from './stack-plan.ts';
import { stockPlan } from './stock-machines.ts';

function planned(accelerator: Accelerator = 'tcg', name = 'l3-baseline') {
  const cell = findCell(name);
  if (cell === undefined) throw new Error(`there is no ${name}`);
  return planStack(cell, {
    card: 'virtio-net-pci',
    accelerator,
    sizing: { cpus: { last: 1, reservedOnServer: 1, reservedInGuests: 0 }, memoryMiB: 1024 },
    paths: {
      kernel: '/k/vmlinux',
      image: '/i/image.erofs',
      emulator: '/e/bin/qemu-system-x86_64',
      tools: '/e/bin',
      runtime: '/r',
    },
  });
}

const machines = (accelerator?: Accelerator): MachinePlan[] => {
  const { client, levels } = stockPlan(planned(accelerator));
  return [client, ...levels];
};

/** The values of an option, in order. */
function values(machine: MachinePlan, option: string): (string | undefined)[] {
  return qemuOptions(machine).flatMap(([name, value]) => (name === option ? [value] : []));
}

test('every machine is a q35 with SeaBIOS and the devices that QEMU adds by itself', () => {
  for (const machine of machines()) {
    expect(values(machine, '-M')).toEqual(['q35']);
    for (const option of ['-bios', '-nodefaults', '-no-user-config'])
      expect(values(machine, option)).toEqual([]);
    expect(values(machine, '-display')).toEqual(['none']);
  }
});

test('the host has a plain EPYC with SVM, the guests have the CPU of their host', () => {
  const [client, server, ...guests] = machines();
  expect([client, server].map((machine) => machine && values(machine, '-cpu'))).toEqual([
    ['EPYC,+svm'],
    ['EPYC,+svm'],
  ]);
  for (const guest of guests) {
    expect(values(guest, '-cpu')).toEqual(['host']);
    expect(values(guest, '-accel')).toEqual(['kvm']);
  }
  for (const machine of machines('kvm')) expect(values(machine, '-cpu')).toEqual(['host']);
});

test('NICs keep their address and order, and have QEMU’s default ROM', () => {
  const ours = planned().levels;
  stockPlan(planned()).levels.forEach((machine, index) => {
    const nics = values(machine, '-device').filter((value) => value?.startsWith('virtio-net-pci'));
    expect(nics.join(' ')).not.toContain('romfile');
    expect(nics[0]).toContain(`mac=${ours[index]?.network.nic.mac},`);
  });
});

test('the kernel gets what to boot and its name, and nothing of the recipe', () => {
  const { levels } = stockPlan(planned());
  expect(commandLineOf(levels[1]?.kernelParameters ?? [])).toBe(
    'console=ttyS0 panic=-1 root=/dev/vda rootfstype=erofs ro init=/usr/sbin/nestbench-init kvm_amd.nested=1 kvm_intel.nested=1 nestbench.name=l1 nestbench.address=10.10.1.100/24 nestbench.bridge=eth0',
  );
  for (const machine of machines()) {
    expect(values(machine, '-append')).toEqual([commandLineOf(machine.kernelParameters)]);
  }
});

test("the distribution's QEMU runs the server and the client, unless another is asked for", () => {
  const programs = (program?: string) => {
    const { client, levels } = stockPlan(planned(), program);
    return [client, ...levels].map(({ qemu }) => qemu.program);
  };
  const guests = planned()
    .levels.slice(1)
    .map(({ qemu }) => qemu.program);
  expect(programs()).toEqual(['qemu-system-x86_64', 'qemu-system-x86_64', ...guests]);
  expect(programs('/my/qemu')).toEqual(['/my/qemu', '/my/qemu', ...guests]);
});

test('a machine that assigns a device has and uses its vIOMMU', () => {
  const { levels } = stockPlan(planned('tcg', 'l2-dvh-vp'));
  const users = levels.filter(({ kernelParameters }) =>
    kernelParameters.some(({ text }) => text === 'intel_iommu=on'),
  );
  expect(users.map(({ name }) => name)).toEqual(['l1']);
  expect(users.map((machine) => values(machine, '-M'))).toEqual([['q35,kernel-irqchip=split']]);
});

test('the serial port and the virtio console share one socket', () => {
  for (const machine of machines()) {
    const [chardev] = values(machine, '-chardev');
    expect(chardev).toContain(`path=${machine.qemu.consoleSocket},`);
    expect(chardev).toMatch(/,mux=on$/);
    expect(values(machine, '-serial')).toEqual(['chardev:console']);
    expect(values(machine, '-device')).toContain('virtconsole,chardev=console');
  }
});

test('sizes, pins, addresses and disks are kept, and the given plan is unchanged', () => {
  const ours = planned();
  const before = structuredClone(ours);
  const stock = stockPlan(ours);
  expect(ours).toEqual(before);
  stock.levels.forEach((machine, index) => {
    const same = ours.levels[index];
    expect({ ...machine, qemu: null, kernelParameters: [] }).toEqual({
      ...same,
      qemu: null,
      kernelParameters: [],
    });
    for (const option of ['-smp', '-m', '-kernel', '-drive', '-netdev', '-qmp']) {
      expect(values(machine, option)).toEqual(same && values(same, option));
    }
  });
});
