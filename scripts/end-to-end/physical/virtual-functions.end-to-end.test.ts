/**
 * Virtual functions of a physical server's card, end to end: a machine that knows nothing of nestbench has a card with
 * SR-IOV behind an IOMMU, and one of its functions is assigned from level to level, measured, and removed again.
 */
import { afterAll, beforeAll, expect } from 'vitest';
import { leftovers } from '../run.testing.ts';
import { test } from '../test.testing.ts';
import { measureTscKhz } from '../../../setup/testbed/emulated/tsc.ts';
import { whyNoDiskMachines } from '../../../setup/testbed/physical/disk-machine.testing.ts';
import { bootTwoMachines, type TwoMachines } from './two-machines.testing.ts';

const never = new AbortController().signal;
const generous = { signal: never, deadlineSeconds: 60 };
/** Of a run whose server reboots for each of two cells, under emulation. */
const RUN_SECONDS = 1500;
const CARD = '/sys/class/net/enp1s0/device';

const whyNot = await whyNoDiskMachines();
const cleanup = new AsyncDisposableStack();
let two: TwoMachines;

beforeAll(async () => {
  if (whyNot !== undefined) return;
  two = await bootTwoMachines(never, 'igb');
  cleanup.use(two);
});
afterAll(() => cleanup.disposeAsync());

test.beforeEach(({ skip }) => skip(whyNot !== undefined, whyNot));

/** How many functions the card has, whether drivers bind to them, and what else of a run is on the server. */
async function stateOfServer(): Promise<string> {
  await using machine = await two.connect('server');
  const look = `cat ${CARD}/sriov_numvfs ${CARD}/sriov_drivers_autoprobe; ls -d /run/nestbench /run/nestbench-mounts /sys/class/net/br0; pgrep -l qemu; ip -o -4 address show dev enp1s0`;
  return (await machine.run(['sh', '-c', look], generous)).stdout;
}

/** An emulated TSC is the host's, and the server's KVM would distrust it (docs/emulated-testbed.md). */
async function environment(): Promise<{ TESTBED: string }> {
  const parameters = [`tsc_early_khz=${await measureTscKhz(never)}`, 'kvm.tsc_tolerance_ppm=100000'];
  return { TESTBED: two.describe({ software: { l0: { parameters } } }) };
}

test('the doctor says where the functions of the card will be, and what drives them', async () => {
  const { output } = await two.script(['doctor']);
  expect(output).toMatch(/^server {2}SR-IOV +ok +7 possible, the first at 0000:01:10\.0, for igbvf$/m);
});

test('functions that nestbench did not create are left alone, and no cell with them is measured', async ({
  start,
}) => {
  await using machine = await two.connect('server');
  const make = (count: number): Promise<string> =>
    machine.check(['sh', '-c', `echo ${count} >${CARD}/sriov_numvfs`], generous);
  await make(1);
  try {
    const run = start(['run', 'suites/l1', '--project', 'l1-passthrough'], {
      experiment: 'theirs',
      environment: { TESTBED: two.describe() },
    });
    expect((await run.end()).exitCode).toBe(1);
    expect(run.output).toContain(
      "l1-passthrough: the server's card at enp1s0 (igb) already has 1 virtual functions that nestbench did not create.",
    );
    expect(await stateOfServer()).toMatch(/^1\n1\n/);
  } finally {
    await make(0);
  }
});

test('a function is assigned to L1 and to L2, and the card is restored', async ({ place, start }) => {
  const before = await stateOfServer();
  expect(before).toMatch(/^0\n1\n/);
  const run = start(
    ['run', 'suites', '--project', 'l1-passthrough', '--project', 'l2-passthrough', '-t', 'netperf-rr'],
    { experiment: 'functions', environment: await environment() },
  );
  const { exitCode } = await run.end(RUN_SECONDS);
  console.log(run.output);
  expect({ exitCode, failures: run.recordsOf('failure') }).toEqual({ exitCode: 0, failures: [] });

  const boots = run.recordsOf('boot');
  expect(boots.map(({ cell }) => cell)).toEqual(['l1-passthrough', 'l2-passthrough']);
  for (const { levels } of boots) {
    const [l0, last] = [levels[0], levels.at(-1)];
    expect(l0?.commandLine.split(' ')).toContain('intel_iommu=on');
    // An igbvf of Intel's 82576, which only VFIO has driven on L0.
    expect(l0?.handsOn).toMatchObject({
      pciAddress: '0000:01:10.0',
      identity: '8086:10ca',
      driver: 'vfio-pci',
    });
    expect(last).toMatchObject({ nic: { driver: 'igbvf', mac: 'de:ad:be:ef:f2:01' }, otherNics: [] });
  }
  expect(boots[1]?.levels[1]?.handsOn).toMatchObject({ pciAddress: '0000:01:00.0', driver: 'vfio-pci' });
  expect(run.recordsOf('sample').map(({ cell, benchmark }) => [cell, benchmark])).toEqual([
    ['l1-passthrough', 'netperf-rr'],
    ['l2-passthrough', 'netperf-rr'],
  ]);
  expect(leftovers(place)).toEqual([]);
  expect(await stateOfServer()).toBe(before);
});

test('restore removes functions that a killed run left', async ({ start }) => {
  const before = await stateOfServer();
  const run = start(['run', 'suites/l2', '--project', 'l2-passthrough', '-t', 'hackbench'], {
    experiment: 'killed',
    environment: await environment(),
  });
  // Its functions exist, and are not yet assigned.
  await run.says('l2-passthrough: booting L1', RUN_SECONDS);
  run.killGroup('SIGKILL');
  await run.groupEnds();
  expect(await stateOfServer()).toMatch(/^2\n0\n/);
  await two.script(['restore']);
  expect(await stateOfServer()).toBe(before);
});
