import { describe, expect, test } from 'vitest';
import { ADDRESSES } from '../../../fixtures/addresses.ts';
import { type Cell, CELLS, findCell } from '../../../fixtures/matrix.ts';
import { CPU_SCALES } from '../../../fixtures/sizing.ts';
import { softwareAt } from '../../../fixtures/software.ts';
import { qemuArgv, qemuOptions } from '../../stack/qemu-argv.ts';
import { runtimeDirectory } from '../runtime.ts';
import { EXPECTED_SECONDS, type MachinePlan } from '../../stack/machine-plan.ts';
import { planStack, type StackPlan } from './stack-plan.ts';

const PAPER = { cpus: CPU_SCALES[0], memoryMiB: 12_288 };
const paths = {
  kernel: '/cache/vmlinux',
  image: '/cache/image.erofs',
  emulator: '/e/bin/qemu-system-x86_64',
  tools: '/e/bin',
  runtime: runtimeDirectory(),
};

function plan(cell: Cell, cpus = PAPER.cpus, accelerator: 'tcg' | 'kvm' = 'tcg'): StackPlan {
  return planStack(cell, { accelerator, card: 'virtio-net-pci', sizing: { ...PAPER, cpus }, paths });
}

function cellOf(name: string): Cell {
  const cell = findCell(name);
  if (cell === undefined) throw new Error(`no cell ${name}`);
  return cell;
}

function planOf(name: string): StackPlan {
  return plan(cellOf(name));
}

/** The value of each occurrence of `-OPTION`. */
function valuesOf(machine: MachinePlan, option: string): string[] {
  return qemuOptions(machine).flatMap(([name, value = '']) => (name === option ? [value] : []));
}

/** Its end of the private wire, and the other. */
function endsOf(machine: MachinePlan): (string | undefined)[] {
  const wire = valuesOf(machine, '-netdev').join(' ');
  return [/local\.path=([^, ]+)/.exec(wire)?.[1], /remote\.path=([^, ]+)/.exec(wire)?.[1]];
}

function wordsOf({ kernelParameters }: MachinePlan): string[] {
  return kernelParameters.map(({ text }) => text);
}

test("server and client use the emulator with either clock, or the variant's QEMU", () => {
  const host = { accelerator: 'tcg', card: 'igb', sizing: PAPER, paths } as const;
  const programs = (more: Partial<Parameters<typeof planStack>[1]>): (string | undefined)[] => {
    const { levels, client } = planStack(cellOf('l2-baseline'), { ...host, ...more });
    return [levels[0], client].map(({ qemu }) => qemu.program);
  };
  const { emulator } = paths;
  expect(programs({ clock: 'real' })).toEqual([emulator, emulator]);
  expect(programs({ clock: 'virtual', kind: 'micro' })).toEqual([emulator, emulator]);
  expect(programs({ variant: { qemu: '/my/qemu' } })).toEqual(['/my/qemu', '/my/qemu']);
});

test('for a guest program every level has one CPU in virtual time, and assigns nothing', () => {
  const host = {
    accelerator: 'tcg',
    card: 'igb',
    sizing: PAPER,
    paths,
    clock: 'virtual',
    kind: 'micro',
  } as const;
  const { levels } = planStack(cellOf('l3-dvh'), host);
  expect(levels.map(({ cpus, network }) => [cpus, network.assigns])).toEqual([
    [1, undefined],
    [1, undefined],
    [1, undefined],
  ]);
});

function numbered(cpus: readonly number[]): { vcpu: number; cpu: number }[] {
  return cpus.map((cpu, vcpu) => ({ vcpu, cpu }));
}

test("on a host's hardware server and client have CPUs of their own; emulated, the scheduler places them", () => {
  const hostCpus = Array.from({ length: 16 }, (_, cpu) => ({ cpu, core: cpu, node: 0 }));
  const host = { card: 'igb', sizing: PAPER, paths, hostCpus } as const;
  const pinsOf = (accelerator: 'kvm' | 'tcg', more = {}): unknown[] => {
    const { levels, client } = planStack(cellOf('l1-baseline'), { ...host, accelerator, ...more });
    return [levels[0], client].map(({ pins }) => pins);
  };
  expect(pinsOf('kvm')).toEqual([numbered([10, 11, 12, 13, 14, 15]), numbered([6, 7, 8, 9])]);
  expect(pinsOf('tcg')).toEqual([[], []]);
  expect(pinsOf('kvm', { hostCpus: hostCpus.slice(0, 10) })).toEqual([[], []]);
});

test('beside others a stack has the CPUs of its lane, and its vCPUs are pinned there, emulated too', () => {
  const lane = Array.from({ length: 11 }, (_, index) => ({ cpu: 20 + index, core: 20 + index, node: 0 }));
  for (const accelerator of ['kvm', 'tcg'] as const) {
    const host = { card: 'igb', sizing: PAPER, paths, accelerator, lane } as const;
    const { levels, client, hostCpus } = planStack(cellOf('l1-baseline'), host);
    expect(hostCpus).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
    expect(levels[0].pins).toEqual(numbered([25, 26, 27, 28, 29, 30]));
    expect(client.pins).toEqual(numbered([21, 22, 23, 24]));
  }
  expect(plan(cellOf('l1-baseline'))).not.toHaveProperty('hostCpus');
});

test('in virtual time the server has one vCPU there, and the client its own', () => {
  const lane = Array.from({ length: 8 }, (_, cpu) => ({ cpu, core: cpu, node: 0 }));
  const host = { card: 'igb', sizing: PAPER, paths, accelerator: 'tcg', lane, clock: 'virtual' } as const;
  const { levels, client } = planStack(cellOf('l1-baseline'), host);
  expect(levels[0].pins).toEqual(numbered([7]));
  expect(client.pins).toEqual(numbered([3, 4, 5, 6]));
});

test('the same arguments give the same plan', () => {
  for (const cell of CELLS) expect(plan(cell)).toEqual(plan(cell));
});

describe.each(CELLS.map((cell) => [cell.name, cell] as const))('%s', (_name, cell) => {
  const { client, levels } = plan(cell);
  const [server, ...guests] = levels;
  const machines = [client, ...levels];
  const last = levels.at(-1) ?? server;

  test('has its levels from L0 to the one under test, each run by the one above it', () => {
    expect(levels.map(({ level, name }) => [level, name])).toEqual(
      levels.map((_, level) => [level, `l${level}`]),
    );
    expect(last.level).toBe(cell.level);
    expect(machines.map(({ runsOn }) => runsOn)).toEqual(
      ['host', 'host', 'l0', 'l1', 'l2'].slice(0, machines.length),
    );
  });

  test('has every machine at its address', () => {
    for (const { name, address } of machines) expect(address).toBe(ADDRESSES[name]);
  });

  test("has no socket path longer than a Unix socket's address", () => {
    const sockets = machines.flatMap((machine) => [
      ...qemuArgv(machine).flatMap((word) =>
        [...word.matchAll(/(?:unix:|path=)([^,]+)/g)].map(([, file = '']) => file),
      ),
      machine.qemu.qmpSocket,
      machine.qemu.consoleSocket,
    ]);
    expect(sockets.length).toBeGreaterThanOrEqual(machines.length * 4);
    // 108 bytes with the NUL at its end (unix(7)).
    expect(sockets.filter((file) => Buffer.byteLength(file) >= 108)).toEqual([]);
  });

  test('has no MAC twice', () => {
    const macs = machines.flatMap((machine) =>
      valuesOf(machine, '-device').flatMap((device) => /mac=([^,]+)/.exec(device)?.[1] ?? []),
    );
    // The level under test has the MAC of a device that is assigned to it.
    expect(macs).toHaveLength(machines.length);
    expect(new Set(macs).size).toBe(machines.length);
    expect(macs).toEqual(expect.arrayContaining(machines.map(({ network }) => network.nic.mac)));
  });

  test('nests where the software table nests, with the parameters of both vendors’ KVM', () => {
    for (const machine of levels.slice(0, -1)) {
      const table = softwareAt(cell, machine.level).parameters.includes('kvm-intel.nested=1');
      expect(machine.nested).toBe(table);
      const value = table ? 1 : 0;
      expect(wordsOf(machine)).toEqual(
        expect.arrayContaining([`kvm_amd.nested=${value}`, `kvm_intel.nested=${value}`]),
      );
    }
  });

  test('runs guests on every level except the last, and not on the client', () => {
    expect(levels.map(({ runsGuests }) => runsGuests)).toEqual(levels.map(({ level }) => level < cell.level));
    for (const machine of machines) {
      const runsGuests = machine !== client && machine.level < cell.level;
      expect(wordsOf(machine).some((word) => /^kvm(_|\.)/.test(word))).toBe(runsGuests);
    }
  });

  test('has a bridge exactly on the levels whose guest has a tap', () => {
    for (const machine of machines) {
      const guest = machine === client ? undefined : guests[machine.level];
      const taps = guest?.qemu.network.filter(({ type }) => type === 'tap').length ?? 0;
      const bridges = wordsOf(machine).filter((word) => /^nestbench\.(bridge|routes)=/.test(word));
      expect([machine.name, bridges.length]).toEqual([machine.name, taps > 0 ? 1 : 0]);
    }
  });

  test('pins every vCPU of a guest to its own CPU, the highest of the level above', () => {
    const pairs = guests.map((guest, index) => [guest, levels[index] ?? server] as const);
    for (const [{ pins, cpus }, above] of pairs) {
      expect(pins.map(({ vcpu }) => vcpu)).toEqual(Array.from({ length: cpus }, (_, vcpu) => vcpu));
      expect(pins.map(({ cpu }) => cpu)).toEqual(
        Array.from({ length: above.cpus }, (_, cpu) => cpu).slice(-cpus),
      );
    }
    expect([client.pins, server.pins]).toEqual([[], []]);
  });

  test('gives the client the size of the level under test', () => {
    expect([client.cpus, client.memoryMiB]).toEqual([last.cpus, last.memoryMiB]);
  });

  test('passes the CPUs, the memory and the kernel command line of the plan to QEMU', () => {
    for (const machine of machines) {
      expect(valuesOf(machine, '-smp')).toEqual([String(machine.cpus)]);
      expect(valuesOf(machine, '-m')).toEqual([`${machine.memoryMiB}M`]);
      expect(valuesOf(machine, '-append')).toEqual([wordsOf(machine).join(' ')]);
    }
  });

  test('lets QEMU listen on its sockets, and wait before the first instruction', () => {
    for (const machine of machines) {
      const { qmpSocket, consoleSocket } = machine.qemu;
      expect(valuesOf(machine, '-qmp')).toEqual([`unix:${qmpSocket},server=on,wait=off`]);
      expect(valuesOf(machine, '-chardev').join()).toContain(`path=${consoleSocket},`);
      expect(qemuArgv(machine)).toContain('-S');
    }
  });

  test('only listens on 127.0.0.1, and only for SSH to the two machines of the host', () => {
    const forwards = machines.flatMap((machine) =>
      qemuArgv(machine).filter((word) => word.includes('hostfwd')),
    );
    expect(forwards).toHaveLength(2);
    for (const word of forwards) expect(word).toMatch(/restrict=on,hostfwd=tcp:127\.0\.0\.1:0-:22$/);
    expect(machines.flatMap(qemuArgv).filter((word) => /^(tcp|telnet|vnc)/.test(word))).toEqual([]);
  });

  test('passes its disks on read-only', () => {
    const drives = machines.map((machine) => valuesOf(machine, '-drive'));
    for (const pair of drives) expect(pair).toHaveLength(2);
    expect(drives.flat().filter((drive) => !drive.endsWith('readonly=on'))).toEqual([]);
  });

  test('gives each machine its name and address on its kernel command line', () => {
    for (const machine of machines) {
      expect(wordsOf(machine)).toEqual(
        expect.arrayContaining([`nestbench.name=${machine.name}`, `nestbench.address=${machine.address}/24`]),
      );
    }
  });

  test('gives every level many times its expected duration', () => {
    for (const { level, deadlineSeconds } of levels) {
      expect(deadlineSeconds).toBeGreaterThan(10 * EXPECTED_SECONDS[level]);
    }
  });
});

describe.each(
  CPU_SCALES.map(
    (scale) => [`${scale.last}/${scale.reservedOnServer}/${scale.reservedInGuests}`, scale] as const,
  ),
)('at the scale %s', (_name, scale) => {
  test('no vCPU is pinned to a CPU that does not exist', () => {
    for (const cell of CELLS) {
      const { levels } = plan(cell, scale);
      const cpusOf = new Map<string, number>(levels.map(({ name, cpus }) => [name, cpus]));
      const wrong = levels.flatMap(({ runsOn, pins }) =>
        pins.filter(({ cpu }) => !Number.isInteger(cpu) || cpu < 0 || cpu >= (cpusOf.get(runsOn) ?? 0)),
      );
      expect(wrong).toEqual([]);
    }
  });

  test('L0 keeps its lowest CPUs', () => {
    for (const cell of CELLS.filter(({ level }) => level > 0)) {
      const [, guest] = plan(cell, scale).levels;
      expect(guest?.pins[0]?.cpu).toBe(scale.reservedOnServer);
    }
  });
});

test('the two ends of the private wire match', () => {
  const { client, levels } = planOf('l2-baseline');
  const [local, remote] = endsOf(client);
  expect(local).not.toBe(remote);
  expect(endsOf(levels[0])).toEqual([remote, local]);
});

test("the host's accelerator runs its two machines, and KVM the guests", () => {
  for (const accelerator of ['tcg', 'kvm'] as const) {
    const { client, levels } = plan(
      { name: 'l2-baseline', level: 2, configuration: 'baseline' },
      PAPER.cpus,
      accelerator,
    );
    const machines = [client, ...levels];
    expect(machines.map((machine) => machine.accelerator)).toEqual([accelerator, accelerator, 'kvm', 'kvm']);
    expect(machines.map((machine) => valuesOf(machine, '-accel')[0]?.split(',')[0])).toEqual(
      machines.map((machine) => machine.accelerator),
    );
  }
});

test('only a kernel that would calibrate under emulation gets the rate of the TSC', () => {
  const cell = cellOf('l2-baseline');
  const given = (['tcg', 'kvm'] as const).map((accelerator) => {
    const { client, levels } = planStack(cell, {
      accelerator,
      card: 'virtio-net-pci',
      sizing: PAPER,
      paths,
      tscKhz: 2_450_000,
    });
    return [client, ...levels].map((machine) => wordsOf(machine).includes('tsc_early_khz=2450000'));
  });
  expect(given).toEqual([
    [true, true, false, false],
    [false, false, false, false],
  ]);
});

test('SSH goes from the host to its two machines, and through the server to the levels', () => {
  const { client, levels } = planOf('l3-baseline');
  expect([client, ...levels].map(({ sshFrom }) => sshFrom)).toEqual(['host', 'host', 'l0', 'l0', 'l0']);
});

test('a level boots its guest from its own disks and the kernel of its image', () => {
  for (const guest of planOf('l3-baseline').levels.slice(1)) {
    expect(valuesOf(guest, '-kernel')).toEqual(['/boot/vmlinux']);
    expect(valuesOf(guest, '-drive').map((drive) => /file=([^,]+)/.exec(drive)?.[1])).toEqual([
      '/dev/vda',
      '/dev/vdb',
    ]);
  }
});
