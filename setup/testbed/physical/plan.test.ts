import { describe, expect, test } from 'vitest';
import { type Cell, CELLS, findCell } from '../../../fixtures/matrix.ts';
import { whyNotPhysical } from '../../../fixtures/physical-software.ts';
import { CPU_SCALES } from '../../../fixtures/sizing.ts';
import { planStack } from '../../stack/plan.ts';
import { parseTestbed } from './description.ts';
import { planPhysical, type PhysicalPlan } from './plan.ts';

const testbed = parseTestbed(
  `
client: { ssh: c.example.org, interface: eno2, address: 192.168.7.1 }
server: { ssh: root@s.example.org, port: 2222, interface: eno3, address: 192.168.7.2, directory: /vm/nestbench }
levels: { l1: 192.168.7.11, l2: 192.168.7.12, l3: 192.168.7.13 }
sshConfiguration: /home/me/ssh_config
software:
  client: { parameters: [quiet] }
  l0: { parameters: [mitigations=off] }
`,
  'testbed.yaml',
);
const PAPER = { cpus: CPU_SCALES[0], memoryMiB: 12_288 };
const boots = { client: { release: '6.1.0-50-amd64' }, server: { release: '6.12.0-mine', build: 'b1' } };

function plan(name: string, changes: Partial<Parameters<typeof planPhysical>[1]> = {}): PhysicalPlan {
  return planPhysical(cellOf(name), {
    testbed,
    sizing: PAPER,
    boots,
    kernels: {},
    qemus: {},
    clientCpus: 20,
    ...changes,
  });
}

function cellOf(name: string): Cell {
  const cell = findCell(name);
  if (cell === undefined) throw new RangeError(name);
  return cell;
}

test('an L2 cell is this, from the two machines to the last argument of QEMU', async () => {
  await expect(`${JSON.stringify(plan('l2-baseline'), undefined, 2)}\n`).toMatchFileSnapshot(
    'captured/physical-l2-baseline.json',
  );
});

test('the server is booted with the row of its table, and what the testbed file adds', () => {
  expect(plan('l3-baseline').server.boot).toEqual({
    release: '6.12.0-mine',
    build: 'b1',
    parameters: ['maxcpus=10', 'kvm-intel.nested=1', 'kvm-amd.nested=1', 'mitigations=off'],
  });
  expect(plan('l3-baseline').client.boot).toEqual({ release: '6.1.0-50-amd64', parameters: ['quiet'] });
});

test('a smaller server has the CPUs of its own sizing, and no more', () => {
  const small = plan('l1-baseline', {
    sizing: { cpus: { last: 1, reservedOnServer: 1, reservedInGuests: 0 }, memoryMiB: 512 },
  });
  expect(small.server.boot.parameters).toContain('maxcpus=2');
  expect(small.server).toMatchObject({ cpus: 2, memoryMiB: 1024 });
});

test('a variant’s parameters reach the machines and the levels that it names', () => {
  const variant = { kernelParameters: { l0: ['kvm.halt_poll_ns=0'], l1: ['idle=poll'], client: ['nosmt'] } };
  const { server, client, guests } = plan('l2-baseline', { variant });
  expect(server.boot.parameters.at(-1)).toBe('kvm.halt_poll_ns=0');
  expect(client.boot.parameters.at(-1)).toBe('nosmt');
  expect(guests[0]?.kernelCommandLine).toMatch(/ idle=poll$/);
  expect(guests[1]?.kernelCommandLine).not.toContain('idle=poll');
});

test('a level with a kernel of its own is started with it by the level below, which has it with the keys', () => {
  const kernels = { l2: { file: '/cache/bzImage', release: '6.12.0-mine' } };
  const { guests, files } = plan('l2-baseline', { kernels });
  const started = guests.map(({ qemu: { argv } }) => argv[argv.indexOf('-kernel') + 1]);
  expect(started).toEqual(['/boot/vmlinux', '/boot/kernel-l2']);
  expect(guests.map(({ kernelRelease }) => kernelRelease)).toEqual([undefined, '6.12.0-mine']);
  expect([...files]).toEqual([['/boot/kernel-l2', '/cache/bzImage']]);
});

test('a machine with a QEMU of its own runs the next level with it', () => {
  const qemus = { l1: { file: '/cache/qemu' }, l2: { file: '/cache/other' } };
  const { guests, files } = plan('l2-baseline', { qemus });
  const programs = guests.map(({ qemu: { argv } }) => argv[0]);
  expect(programs).toEqual(['qemu-system-x86_64', '/opt/nestbench/l1/qemu-system-x86_64']);
  // L2 of this cell runs no guest.
  expect([...files]).toEqual([['/opt/nestbench/l1/qemu-system-x86_64', '/cache/qemu']]);
});

describe('guests', () => {
  const CELLS_HERE = CELLS.filter((cell) => whyNotPhysical(cell) === undefined);

  test.each(CELLS_HERE.map(({ name }) => name))(
    'of %s are those of the emulated testbed, but for their disks and addresses',
    (name) => {
      const emulated = planStack(cellOf(name), {
        accelerator: 'kvm',
        card: 'virtio-net-pci',
        sizing: PAPER,
        paths: { kernel: '', image: '', runtime: '/run' },
      });
      const asEmulated = JSON.stringify(plan(name).guests)
        .replaceAll('/run/nestbench/image', '/dev/vda')
        .replaceAll('/run/nestbench/seed.tar', '/dev/vdb')
        .replaceAll(/192\.168\.7\.1(\d)/g, (_, level: string) => `10.10.1.10${Number(level) - 1}`);
      expect(JSON.parse(asEmulated)).toEqual(JSON.parse(JSON.stringify(emulated.levels.slice(1))));
    },
  );

  test('of cells that assign a physical function are refused, and no others', () => {
    const refused = CELLS.filter((cell) => whyNotPhysical(cell) !== undefined);
    expect([...new Set(refused.map(({ configuration }) => configuration))]).toEqual(['passthrough']);
  });
});
