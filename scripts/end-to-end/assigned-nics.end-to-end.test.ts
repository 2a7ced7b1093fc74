/**
 * Cells in which the level under test drives an assigned NIC, on a stack that is saved and on the same stack after a
 * restore: checks which way the traffic goes.
 */
import path from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import type { BootRecord, LevelFacts } from '../../fixtures/records.ts';
import { restore } from '../../setup/testbed/emulated/snapshot/restore-snapshot.ts';
import type { EmulatedStack } from '../../setup/testbed/emulated/emulated-stack.ts';
import type { StackPlan } from '../../setup/testbed/emulated/stack-plan.ts';
import { type Ended, leftovers, type Place, Run, runtimeOf } from './run.testing.ts';
import { planOf, snapshotOf, test, warm } from './snapshots.testing.ts';

/** One of each configuration with an assigned NIC. */
const CELLS = ['l1-passthrough', 'l2-passthrough', 'l2-dvh-vp', 'l2-vp-idle'] as const;
type CellName = (typeof CELLS)[number];

const patient = { signal: new AbortController().signal, deadlineSeconds: 60 };

/** From a server that closes each connection at its end. */
const DOWNLOADS = 40;

/** Shared by all tests, which only read. */
let run: Run;
let ended: Ended;
let second: Run;
let secondEnded: Ended;

test.beforeAll(async ({ place, cache, testbed }) => {
  if (!testbed.heldBySelf) return;
  const projects = CELLS.flatMap((name) => ['--project', name]);
  const measure = (experiment: string): Run =>
    new Run(place, ['run', 'suites', ...projects, '-t', 'hackbench|netperf-rr'], {
      experiment,
      environment: warm(cache),
    });
  run = measure('booted');
  ended = await run.end(900);
  second = measure('restored');
  secondEnded = await second.end();
});
afterAll(() => run?.[Symbol.asyncDispose]());
afterAll(() => second?.[Symbol.asyncDispose]());

function bootOf(cell: string, of = run): BootRecord {
  const boot = of.recordsOf('boot').find((record) => record.cell === cell);
  if (boot === undefined) throw new Error(`${cell} did not boot:\n${of.output}`);
  return boot;
}

/** Restores the cell's snapshot once more, and checks it against the plan. */
async function restoreAs(
  cell: CellName,
  { place, cache }: { readonly place: Place; readonly cache: string },
  planned: (plan: StackPlan) => StackPlan = (plan) => plan,
): Promise<EmulatedStack> {
  const snapshot = snapshotOf(cell, cache);
  const { running } = await restore(planned(await planOf(snapshot, place)), snapshot, {
    runtime: runtimeOf(place),
    logs: path.join(place.results, 'logs', cell),
    signal: patient.signal,
    prove: snapshot.record.facts.client.kernelRelease,
  });
  return running;
}

/** The address of the device at a level: a virtual function of L0's card, or the one device behind a root port. */
function addressAt(level: number): string {
  return level === 0 ? '0000:01:10.0' : '0000:01:00.0';
}

/** The devices of a level's QEMU, as it was started. */
function devicesOf({ qemu }: LevelFacts): string[] {
  return qemu?.argv.filter((_, index) => qemu.argv[index - 1] === '-device') ?? [];
}

/** The NIC that L0 keeps, and drives by virtio. */
const OWN_NIC = '0000:00:10.0';

function withOwnNicAssigned(plan: StackPlan): StackPlan {
  const [{ network, ...server }, ...guests] = plan.levels;
  if (network.assigns === undefined) throw new Error('L0 has nothing to assign');
  const assigns = { ...network.assigns, pciAddress: OWN_NIC };
  return { ...plan, levels: [{ ...server, network: { ...network, assigns } }, ...guests] };
}

function withHaltsTrapped(plan: StackPlan): StackPlan {
  const [server, l1, l2] = plan.levels;
  if (l1 === undefined || l2 === undefined) throw new Error('there is no L2');
  return { ...plan, levels: [server, l1, { ...l2, virtualIdle: false }] };
}

test('both runs succeed, with a sample of each benchmark in each cell', () => {
  expect({ ...ended, output: run.output }).toMatchObject({ exitCode: 0 });
  expect({ ...secondEnded, output: second.output }).toMatchObject({ exitCode: 0 });
  for (const its of [run, second]) {
    const samples = its.recordsOf('sample').map(({ cell, benchmark }) => `${cell} ${benchmark}`);
    expect(samples).toEqual(CELLS.flatMap((cell) => [`${cell} hackbench`, `${cell} netperf-rr`]));
    expect(its.recordsOf('failure')).toEqual([]);
  }
});

test.for(CELLS)('%s: the first run keeps a snapshot, and the second restores it', (cell, { cache }) => {
  const { name } = snapshotOf(cell, cache);
  expect(bootOf(cell).start).toMatchObject({ kind: 'cold', state: 'booted' });
  expect(bootOf(cell, second).start).toMatchObject({ kind: 'warm', snapshot: name });
  expect(bootOf(cell, second).levels).toEqual(bootOf(cell).levels);
});

test.for(CELLS)(
  '%s: the assigned NIC carries the traffic of a restored stack',
  async (cell, { place, cache }) => {
    await using stack = await restoreAs(cell, { place, cache });
    const device = stack.facts.levels.at(-1)?.nic.device ?? '';
    // Its driver's own count. restoreAs has checked that this is the assigned device and the only NIC.
    const received = async (): Promise<number> =>
      Number(await stack.target.check(['cat', `/sys/class/net/${device}/statistics/rx_packets`], patient));
    const before = await received();
    await stack.client.check(['busybox', 'ping', '-c', '20', '-A', stack.underTest.address], patient);
    expect((await received()) - before).toBeGreaterThanOrEqual(20);
  },
);

test('a virtual function of the card sends the FIN that ends a segmented packet', async ({
  place,
  cache,
}) => {
  await using stack = await restoreAs('l1-passthrough', { place, cache });
  const { target, client, underTest } = stack;
  const probes = async (): Promise<number> => {
    const [names = '', values = ''] = (
      await target.check(['grep', '^TcpExt:', '/proc/net/netstat'], patient)
    ).split('\n');
    return Number(values.split(' ')[names.split(' ').indexOf('TCPLossProbes')]);
  };
  await target.check(
    ['sh', '-c', 'mkdir /run/page && head -c 41984 /dev/zero >/run/page/index.html'],
    patient,
  );
  await target.check(['busybox', 'httpd', '-p', '8080', '-h', '/run/page'], patient);
  const before = await probes();
  const get = `busybox wget -q -O /dev/null http://${underTest.address}:8080/index.html`;
  await client.check(['sh', '-euc', `for each in $(seq ${DOWNLOADS}); do ${get}; done`], patient);
  // Without patch 12 a probe sends the FIN in most of them.
  expect((await probes()) - before).toBeLessThan(DOWNLOADS / 4);
});

test('a restored stack with another device than the planned one is rejected', async ({ place, cache }) => {
  await expect(restoreAs('l1-passthrough', { place, cache }, withOwnNicAssigned)).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    message: expect.stringContaining(`l0 must assign ${OWN_NIC} by vfio-pci`),
  });
  expect(leftovers(place)).toEqual([]);
});

test('a restored stack whose level under test idles differently is rejected', async ({ place, cache }) => {
  await expect(restoreAs('l2-vp-idle', { place, cache }, withHaltsTrapped)).rejects.toMatchObject({
    code: 'NESTBENCH_CHECK_FAILED',
    message: expect.stringContaining('HLT of l2 should be trapped, but its KVM trapped none'),
  });
});

test('every sample has its exits on L0, and who used its CPUs', () => {
  for (const { l0, seconds } of run.recordsOf('sample')) {
    expect(l0?.exits?.['exits']).toBeGreaterThan(0);
    expect(l0?.cpuSeconds.benchmark).toBeGreaterThan(0);
    expect(l0?.seconds).toBeGreaterThanOrEqual(seconds);
  }
});

test('nothing of it is left running', ({ place }) => {
  expect(leftovers(place)).toEqual([]);
});

describe.each([
  { cell: 'l1-passthrough', assigning: [0], mac: 'de:ad:be:ef:f2:01' },
  { cell: 'l2-passthrough', assigning: [0, 1], mac: 'de:ad:be:ef:f2:01' },
  { cell: 'l2-dvh-vp', assigning: [1], mac: 'de:ad:be:ef:f2:11' },
  { cell: 'l2-vp-idle', assigning: [1], mac: 'de:ad:be:ef:f2:11' },
] as const)('$cell', ({ cell, assigning, mac }) => {
  test('the levels above the last bound the device to vfio-pci', () => {
    const { levels } = bootOf(cell);
    const assigned = levels.flatMap(({ level, handsOn }) =>
      handsOn === undefined ? [] : [[level, handsOn]],
    );
    expect(assigned).toEqual(
      assigning.map((level) => [
        level,
        expect.objectContaining({ pciAddress: addressAt(level), driver: 'vfio-pci' }),
      ]),
    );
  });

  test('the level under test has that device and no other NIC', () => {
    const last = bootOf(cell).levels.at(-1);
    expect(last).toMatchObject({ nic: { mac }, otherNics: [] });
    // What virtio drives is a device below the PCI function.
    expect(`${last?.nic.path}/`).toContain('/0000:00:11.0/');
    const nics = (last === undefined ? [] : devicesOf(last)).filter((word) => /vfio|-net-|igb/.test(word));
    expect(nics).toEqual([expect.stringContaining(`vfio-pci,host=${addressAt(assigning.at(-1) ?? 0)},`)]);
  });

  test('the levels below have an IOMMU, and the first of them has the device', () => {
    const { levels } = bootOf(cell);
    const [first] = assigning;
    expect(
      levels.flatMap(({ level, commandLine }) => (/ intel_iommu=on /.test(commandLine) ? [level] : [])),
    ).toEqual(assigning);
    const made = levels.find(({ level }) => level === first);
    expect(made === undefined ? [] : devicesOf(made)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('intel-iommu'),
        expect.stringContaining(first === 0 ? 'igb,' : 'iommu_platform=on'),
      ]),
    );
  });
});
