/** Cells in which the level under test drives a NIC that was assigned to it: which way the traffic goes is looked at. */
import { afterAll, describe, expect } from 'vitest';
import type { BootRecord, LevelFacts } from '../../fixtures/records.ts';
import { type Ended, leftovers, Run } from './run.testing.ts';
import { test } from './testbed.testing.ts';

const CELLS = ['l1-passthrough', 'l2-dvh-vp'] as const;

/** Shared by all tests: they only look. */
let run: Run;
let ended: Ended;

test.beforeAll(async ({ place, testbed }) => {
  if (!testbed.heldBySelf) return;
  const projects = CELLS.flatMap((name) => ['--project', name]);
  run = new Run(place, ['run', 'suites', ...projects, '-t', 'hackbench|netperf-rr'], {
    experiment: 'assigned',
  });
  ended = await run.end();
});
afterAll(() => run?.[Symbol.asyncDispose]());

function bootOf(cell: string): BootRecord {
  const boot = run.recordsOf('boot').find((record) => record.cell === cell);
  if (boot === undefined) throw new Error(`${cell} did not boot:\n${run.output}`);
  return boot;
}

/** Where the device is on the first level that has it, and what makes it there: by what the host's QEMU has. */
function deviceOf(cell: string): { pciAddress: string; made: string } {
  const card = run.recordsOf('experiment')[0]?.versions['network card'];
  if (cell === 'l1-passthrough' && card === 'igb') return { pciAddress: '0000:01:10.0', made: 'igb,' };
  return { pciAddress: '0000:01:00.0', made: 'iommu_platform=on' };
}

/** The devices of a level's QEMU, as it was started. */
function devicesOf({ qemu }: LevelFacts): string[] {
  return qemu?.argv.filter((_, index) => qemu.argv[index - 1] === '-device') ?? [];
}

test('the run ends well, with a sample of each benchmark in each cell', () => {
  expect({ ...ended, output: run.output }).toMatchObject({ exitCode: 0 });
  const samples = run.recordsOf('sample').map(({ cell, benchmark }) => `${cell} ${benchmark}`);
  expect(samples).toEqual(CELLS.flatMap((cell) => [`${cell} hackbench`, `${cell} netperf-rr`]));
  expect(run.recordsOf('failure')).toEqual([]);
});

test('every sample tells what it cost L0 in exits, and who had its CPUs', () => {
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
  { cell: 'l1-passthrough', handing: [0], mac: 'de:ad:be:ef:f2:01' },
  { cell: 'l2-dvh-vp', handing: [1], mac: 'de:ad:be:ef:f2:11' },
] as const)('$cell', ({ cell, handing, mac }) => {
  test('the levels above the last gave the device to vfio-pci', () => {
    const { levels } = bootOf(cell);
    const assigned = levels.flatMap(({ level, handsOn }) =>
      handsOn === undefined ? [] : [[level, handsOn]],
    );
    expect(assigned).toEqual(
      handing.map((level) => [
        level,
        expect.objectContaining({ pciAddress: deviceOf(cell).pciAddress, driver: 'vfio-pci' }),
      ]),
    );
  });

  test('the level under test has that device and no other NIC', () => {
    const last = bootOf(cell).levels.at(-1);
    expect(last).toMatchObject({ nic: { mac }, otherNics: [] });
    expect(last?.nic.path).toContain('/0000:00:11.0/');
    const nics = (last === undefined ? [] : devicesOf(last)).filter((word) => /vfio|-net-|igb/.test(word));
    expect(nics).toEqual([expect.stringContaining(`vfio-pci,host=${deviceOf(cell).pciAddress},`)]);
  });

  test('the levels below have an IOMMU, and the first of them has the device', () => {
    const { levels } = bootOf(cell);
    const [first] = handing;
    expect(
      levels.flatMap(({ level, commandLine }) => (/ intel_iommu=on /.test(commandLine) ? [level] : [])),
    ).toEqual(handing);
    const made = levels.find(({ level }) => level === first);
    expect(made === undefined ? [] : devicesOf(made)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('intel-iommu'),
        expect.stringContaining(deviceOf(cell).made),
      ]),
    );
  });
});
