import { describe, expect, test } from 'vitest';
import { type Cell, CELLS, findCell } from '../../../fixtures/matrix.ts';
import { physicalSoftware, sourceKey, whyNotPhysical } from '../../../fixtures/physical-software.ts';
import { CPU_SCALES } from '../../../fixtures/sizing.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import type { ServerCard } from '../../../fixtures/virtual-functions.ts';
import { commandLineOf } from '../../stack/kernel-command-line.ts';
import type { MachinePlan } from '../../stack/machine-plan.ts';
import { describeMachine } from '../../stack/describe-machine.ts';
import { qemuArgv } from '../../stack/qemu-argv.ts';
import { planStack } from '../emulated/stack-plan.ts';
import { parseTestbed } from './testbed-file.ts';
import { planPhysical, type PhysicalPlan } from './physical-plan.ts';

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
/** Like the emulated testbed's, if QEMU has no card with virtual functions. */
const CARD = { firstFunction: '0000:01:00.0', guestDriver: 'virtio_net' };
const installed = { client: '6.1.0-50-amd64', server: '6.1.0-50-amd64' };

function plan(name: string, changes: Partial<Parameters<typeof planPhysical>[1]> = {}): PhysicalPlan {
  return planPhysical(cellOf(name), {
    testbed,
    sizing: PAPER,
    installed,
    kernels: {},
    qemus: {},
    card: CARD,
    clientCpus: 20,
    ...changes,
  });
}

function cellOf(name: string): Cell {
  const cell = findCell(name);
  if (cell === undefined) throw new RangeError(name);
  return cell;
}

/** A guest as it is started: with the texts that are made of its plan. */
function asStarted({ kernelParameters, qemu, ...guest }: MachinePlan) {
  const { qmpSocket, consoleSocket } = qemu;
  const { runsOn, accelerator, pins, sshFrom, ...needs } = guest;
  return {
    ...needs,
    kernelCommandLine: commandLineOf(kernelParameters),
    addedParameters: kernelParameters.filter(({ from }) => from === 'variant'),
    runsOn,
    accelerator,
    qemu: { argv: qemuArgv({ ...guest, kernelParameters, qemu }), qmpSocket, consoleSocket },
    pins,
    sshFrom,
  };
}

test('the plan of an L2 cell, from the two machines to the last argument of QEMU', async () => {
  const planned = plan('l2-baseline');
  const shown = { ...planned, guests: planned.guests.map(asStarted) };
  await expect(`${JSON.stringify(shown, undefined, 2)}\n`).toMatchFileSnapshot(
    'captured/physical-l2-baseline.json',
  );
});

test('the server boots with the row of its table, and the additions of the testbed file', () => {
  expect(plan('l3-baseline').server.boot).toEqual({
    release: '6.1.0-50-amd64',
    parameters: ['maxcpus=10', 'kvm-intel.nested=1', 'kvm-amd.nested=1', 'mitigations=off'],
  });
  expect(plan('l3-baseline').client.boot).toEqual({ release: '6.1.0-50-amd64', parameters: ['quiet'] });
});

test('a server whose card’s function is assigned gets virtual functions, and keeps its interface out of bridges', () => {
  const card = { firstFunction: '0000:41:10.1', guestDriver: 'ixgbevf' };
  const { server, client, guests } = plan('l2-passthrough', { card });
  expect(server).toMatchObject({
    virtualFunctions: 2,
    network: { assigns: { pciAddress: '0000:41:10.1' }, bridge: { routesTo: ['192.168.7.11'] } },
  });
  expect(server.boot.parameters).toContain('intel_iommu=on');
  expect(client.virtualFunctions).toBe(0);
  const [l1, l2] = guests;
  expect(l1?.qemu.network.find(({ type }) => type === 'vfio-pci')?.properties).toEqual({
    host: '0000:41:10.1',
    bus: 'root-port',
  });
  expect(l2?.network.nic).toMatchObject({
    kind: 'assigned',
    driver: 'ixgbevf',
    mac: server.network.assigns?.mac,
  });
  expect(plan('l2-baseline', { card }).server.virtualFunctions).toBe(0);
});

test('a smaller server has only the CPUs of its own sizing', () => {
  const small = plan('l1-baseline', {
    sizing: { cpus: { last: 1, reservedOnServer: 1, reservedInGuests: 0 }, memoryMiB: 512 },
  });
  expect(small.server.boot.parameters).toContain('maxcpus=2');
  expect(small.server).toMatchObject({ cpus: 2, memoryMiB: 1024 });
});

test('with a disk for data, each level has the disk of the next in its own, uncached and the last of its disks', () => {
  const { server, client, guests } = plan('l3-baseline', { storage: 'disk' });
  expect([server, ...guests].map(({ dataDirectory }) => dataDirectory)).toEqual(
    Array.from({ length: 4 }, () => '/run/nestbench/data'),
  );
  expect(client).not.toHaveProperty('dataDirectory');
  for (const { qemu } of guests) {
    const disks = qemu.devices.filter(({ option }) => option === 'drive').map(({ properties }) => properties);
    expect(disks.map(({ id }) => id)).toEqual(['image', 'seed', 'data']);
    expect(disks.at(-1)).toEqual({
      if: 'none',
      id: 'data',
      file: '/run/nestbench/data/guest.img',
      format: 'raw',
      cache: 'none',
    });
  }
  expect(plan('l3-baseline', { storage: 'disk', kind: 'micro' }).guests[0]).not.toHaveProperty(
    'dataDirectory',
  );
});

const IMAGE = { file: '/srv/ae-guest0.img', bytes: 10_737_418_240, root: '/dev/vda1', key: '/srv/key' };

test('levels with a disk image of their own have it first, and pass those of inner levels on', () => {
  const { server, client, guests } = plan('l3-baseline', {
    storage: 'disk',
    images: { l1: IMAGE, l3: { ...IMAGE, file: '/srv/l3.img' } },
  });
  expect(server.images.map(([name, { file }]) => [name, file])).toEqual([
    ['l1', '/srv/ae-guest0.img'],
    ['l3', '/srv/l3.img'],
  ]);
  expect(client.images).toEqual([]);
  const drives = guests.map(({ qemu }) =>
    qemu.devices
      .filter(({ option }) => option === 'drive')
      .map(({ properties: { id = '', file = '', readonly, snapshot } }) =>
        [
          id,
          file,
          ...(readonly === 'on' ? ['read-only'] : []),
          ...(snapshot === 'on' ? ['snapshot'] : []),
        ].join(' '),
      ),
  );
  expect(drives).toEqual([
    [
      'own /run/nestbench/own-l1 snapshot',
      'image /run/nestbench/image read-only',
      'seed /run/nestbench/seed.tar read-only',
      'data /run/nestbench/data/guest.img',
      'own-l3 /run/nestbench/own-l3 read-only',
    ],
    [
      'image /dev/vdb read-only',
      'seed /dev/vdc read-only',
      'data /run/nestbench/data/guest.img',
      'own-l3 /dev/vde read-only',
    ],
    [
      'own /dev/vdd snapshot',
      'image /dev/vda read-only',
      'seed /dev/vdb read-only',
      'data /run/nestbench/data/guest.img',
    ],
  ]);
  expect(guests.map(({ dataDevice }) => dataDevice)).toEqual(['/dev/vdd', '/dev/vdc', '/dev/vdd']);
  expect(guests.map(({ own }) => own?.disks)).toEqual([
    { image: '/dev/vdb', seed: '/dev/vdc' },
    undefined,
    { image: '/dev/vdb', seed: '/dev/vdc' },
  ]);
});

test('a disk image of a level that the cell does not boot goes nowhere', () => {
  const images = { l2: IMAGE };
  expect(plan('l1-baseline', { images }).server.images).toEqual([]);
  expect(plan('l2-baseline', { images, kind: 'micro' }).server.images).toEqual([]);
  expect(plan('l2-baseline', { images }).guests[0]?.own).toBeUndefined();
});

test('a variant’s parameters reach the machines and the levels that it names', () => {
  const variant = { kernelParameters: { l0: ['kvm.halt_poll_ns=0'], l1: ['idle=poll'], client: ['nosmt'] } };
  const { server, client, guests } = plan('l2-baseline', { variant });
  expect(server.boot.parameters.at(-1)).toBe('kvm.halt_poll_ns=0');
  expect(client.boot.parameters.at(-1)).toBe('nosmt');
  const added = { text: 'idle=poll', from: 'variant' };
  expect(guests[0]?.kernelParameters.at(-1)).toEqual(added);
  expect(guests[1]?.kernelParameters).not.toContainEqual(added);
});

const MINE = { url: '/src/linux', ref: 'mine' };
const QEMU = { url: '/src/qemu', ref: 'theirs' };
const kernels = { [sourceKey(MINE)]: { file: '/cache/bzImage', release: '6.12.0-mine', hash: 'b1' } };
const NO_DVH = { postedInterrupts: false, option: false };
const qemus = { [sourceKey(QEMU)]: { file: '/cache/qemu', version: '9.2.0', hash: 'q1', dvh: NO_DVH } };

test('machines and levels with their own kernel run it; the level below has a level’s, with the keys', () => {
  const software = { l0: { kernel: MINE }, l2: { kernel: MINE } };
  const { server, client, guests, files } = plan('l2-baseline', {
    testbed: { ...testbed, software },
    kernels,
  });
  expect(server.boot).toMatchObject({ release: '6.12.0-mine', build: 'b1' });
  expect(client.boot.release).toBe('6.1.0-50-amd64');
  const started = guests.map(({ qemu }) => qemu.kernel);
  expect(started).toEqual(['/boot/vmlinux', '/boot/kernel-l2']);
  expect(guests.map(({ kernelRelease }) => kernelRelease)).toEqual([undefined, '6.12.0-mine']);
  expect([...files]).toEqual([['/boot/kernel-l2', '/cache/bzImage']]);
});

test('a machine with its own QEMU runs the next level with it', () => {
  const { guests, files } = plan('l2-baseline', {
    testbed: { ...testbed, software: { l1: { qemu: QEMU }, l2: { qemu: QEMU } } },
    qemus,
  });
  const programs = guests.map(({ qemu }) => qemu.program);
  expect(programs).toEqual(['qemu-system-x86_64', '/opt/nestbench/l1/qemu-system-x86_64']);
  // L2 of this cell runs no guest.
  expect([...files]).toEqual([['/opt/nestbench/l1/qemu-system-x86_64', '/cache/qemu']]);
});

test('a QEMU without PVH and a kernel that needs it are rejected before anything boots', () => {
  const vintage = { [sourceKey(QEMU)]: { file: '/cache/qemu', version: '3.1.0', hash: 'q1', dvh: NO_DVH } };
  const asked = (software: TestbedDescription['software']) => () =>
    plan('l1-baseline', { testbed: { ...testbed, software }, qemus: vintage, kernels });
  expect(asked({ l0: { qemu: QEMU } })).toThrow("which can't start nestbench's own kernel in l1");
  expect(asked({ l0: { qemu: QEMU }, l1: { kernel: MINE } })).not.toThrow();
});

/** A QEMU of the artifact, as it was built. */
const ofArtifact = (ref: string) => ({
  file: `/cache/${ref}`,
  version: '3.1.0',
  hash: 'q',
  dvh: { postedInterrupts: ref === 'v3.1.0-dvh', option: false },
});

describe('the paper’s software', () => {
  const paper = { software: 'paper' } as const;
  const built = Object.fromEntries(
    CELLS.flatMap((cell) => {
      const { client, levels } = physicalSoftware(paper, cell);
      return [client, ...levels].flatMap(({ kernel, release }) =>
        kernel === 'installed'
          ? []
          : [[sourceKey(kernel), { file: `/cache/${release}`, release: release ?? '', hash: 'k' }] as const],
      );
    }),
  );
  const programs = Object.fromEntries(
    CELLS.flatMap((cell) =>
      physicalSoftware(paper, cell).levels.flatMap(({ qemu }) =>
        qemu === null || qemu === 'installed' ? [] : [[sourceKey(qemu), ofArtifact(qemu.ref)] as const],
      ),
    ),
  );
  const ofPaper = (name: string): PhysicalPlan =>
    plan(name, { testbed: { ...testbed, ...paper }, kernels: built, qemus: programs });

  test('is three kernels and two QEMUs', () => {
    expect(Object.values(built).map(({ release }) => release)).toEqual([
      '4.18.0-base',
      '4.18.0-dvh-L0-asplos',
      '4.18.0-dvh-basic-asplos',
      '4.18.0-dvh-full-asplos',
    ]);
    expect(Object.values(programs).map(({ file }) => file)).toEqual([
      '/cache/v3.1.0-base',
      '/cache/v3.1.0-dvh',
    ]);
  });

  test.each(['l3-baseline', 'l3-dvh'])('in %s is this', async (name) => {
    const { server, client, guests, files } = ofPaper(name);
    const machines = [client, server].map(({ name: machine, boot, dvhKnobs }) =>
      [
        `${machine}: ${boot.release}, ${boot.parameters.join(' ') || 'no parameters'}`,
        ...Object.entries(dvhKnobs ?? {}).map(([knob, value]) => `   ${knob} = ${value}`),
      ].join('\n'),
    );
    const levels = guests.map((guest, index) =>
      [...describeMachine(guest, index + 1), `   check: it runs ${guest.kernelRelease}`].join('\n').trim(),
    );
    const text = [...machines, ...levels, [...files].map((pair) => pair.join(' is ')).join('\n')].join(
      '\n\n',
    );
    await expect(`${text}\n`).toMatchFileSnapshot(`captured/paper-${name}.txt`);
  });
});

/** The configurations with cells that can't be measured. */
function refused(description: Pick<TestbedDescription, 'software'>, card?: ServerCard): string[] {
  const there = { testbed: description, ...(card && { card }) };
  const without = CELLS.filter((cell) => whyNotPhysical(cell, there) !== undefined);
  return [...new Set(without.map(({ configuration }) => configuration))];
}

test('exit costs are measured there without DVH only', () => {
  const paper = { testbed: { software: 'paper' } } as const;
  expect(whyNotPhysical(cellOf('l2-baseline'), paper, 'micro')).toBeUndefined();
  expect(whyNotPhysical(cellOf('l2-dvh'), paper, 'micro')).toContain('only measured on the emulated testbed');
});

describe('guests', () => {
  const CELLS_HERE = CELLS.filter((cell) => whyNotPhysical(cell, { testbed }) === undefined);

  test.each(CELLS_HERE.map(({ name }) => name))(
    'of %s are those of the emulated testbed, except for their disks, addresses and way of DVH',
    (name) => {
      const emulated = planStack(cellOf(name), {
        accelerator: 'kvm',
        card: 'virtio-net-pci',
        sizing: PAPER,
        paths: { kernel: '', image: '', emulator: '', tools: '', runtime: '/run' },
      });
      const asEmulated = JSON.stringify(plan(name).guests)
        .replaceAll('/run/nestbench/image', '/dev/vda')
        .replaceAll('rootfstype=ext4', 'rootfstype=erofs')
        .replaceAll('/run/nestbench/seed.tar', '/dev/vdb')
        .replaceAll(/192\.168\.7\.1(\d)/g, (_, level: string) => `10.10.1.10${Number(level) - 1}`);
      const guests = JSON.stringify(emulated.levels.slice(1), (key, value: unknown) =>
        key === 'dvhMask' ? undefined : value,
      );
      expect(JSON.parse(asEmulated)).toEqual(JSON.parse(guests));
    },
  );

  test('of DVH are rejected if its software is not named', () => {
    expect(refused(testbed)).toEqual(['dvh']);
    expect(refused({ software: 'paper' })).toEqual([]);
    const own = { kernel: MINE, qemu: QEMU };
    expect(refused({ software: { l0: own, l1: own } })).toEqual(['dvh']);
    expect(refused({ software: { l0: own, l1: own, l2: own } })).toEqual([]);
  });

  test('of cells that assign a function of the card are rejected if it has none', () => {
    expect(refused({ software: 'paper' }, { whyNot: 'it has none' })).toEqual(['passthrough']);
    expect(refused({ software: 'paper' }, CARD)).toEqual([]);
  });
});
