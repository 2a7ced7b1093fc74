import { expect, test } from 'vitest';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { orderSideBySide } from './sequencer.ts';
import { askedSideBySide, describeLaneCpus, ownLane, rangesOf, runSideBySide } from './side-by-side.ts';

const START: ExperimentRecord = {
  type: 'experiment',
  at: '2026-11-29T00:00:00.000Z',
  experiment: 'night',
  testbed: { kind: 'emulated', accelerator: 'tcg', settings: {} },
  profile: 'quick',
  runs: 1,
  host: { cpuModel: 'AMD EPYC 7B13', cpus: 64, memoryBytes: 2 ** 38, kernel: '6.1.0' },
  versions: {},
  commit: null,
  modified: false,
};

test('only cells get the same group and so many workers', () => {
  const projects = ['unit', 'l0-baseline', 'l1-baseline', 'end-to-end'].map((name, index) => ({
    name,
    config: { maxWorkers: 1, sequence: { groupOrder: index } },
  }));
  // Of a project only these fields are used.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  runSideBySide({ projects } as unknown as Parameters<typeof runSideBySide>[0], 2);
  expect(projects.map(({ config }) => [config.sequence.groupOrder, config.maxWorkers])).toEqual([
    [0, 1],
    [1, 2],
    [1, 2],
    [3, 1],
  ]);
});

function file(name: string, suite: string): { project: { name: string }; moduleId: string } {
  return { project: { name }, moduleId: `/suites/${suite}.test.ts` };
}

test('they begin in the order of the projects, and microbenchmarks after all applications', () => {
  const files = [
    file('l2-baseline', 'micro/l2'),
    file('l2-baseline', 'l2/l2'),
    file('l1-baseline', 'l1/l1'),
    file('l1-baseline', 'micro/l1'),
  ];
  const ordered = orderSideBySide(files, ['unit', 'l0-baseline', 'l1-baseline', 'l2-baseline']);
  expect(ordered.map(({ moduleId }) => moduleId)).toEqual(
    ['l1/l1', 'l2/l2', 'micro/l1', 'micro/l2'].map((suite) => `/suites/${suite}.test.ts`),
  );
});

test("a worker's lane is that of its number in Vitest's pool, from 1, however many Vitest was told to start", () => {
  expect(['1', '2', '3'].map((poolId) => ownLane(2, poolId))).toEqual([0, 1, 0]);
});

test('an experiment is continued with as many as it began with, unless PARALLEL says otherwise', () => {
  const two = { ...START, testbed: { ...START.testbed, settings: { 'side by side': '2' } } };
  expect(askedSideBySide(undefined, [], false)).toBeUndefined();
  expect(askedSideBySide(undefined, [START], false)).toEqual({ count: 1, by: 'experiment' });
  expect(askedSideBySide(undefined, [two, two], false)).toEqual({ count: 2, by: 'experiment' });
  expect(askedSideBySide(3, [two], false)).toEqual({ count: 3, by: 'PARALLEL' });
});

test('a shard has one, unless PARALLEL says otherwise', () => {
  expect(askedSideBySide(undefined, [], true)).toEqual({ count: 1, by: 'shard' });
  expect(askedSideBySide(2, [], true)).toEqual({ count: 2, by: 'PARALLEL' });
});

test('the CPUs of each are named', () => {
  const lanes = [[8, 9, 10, 24], [0]].map((lane) => lane.map((cpu) => ({ cpu })));
  expect(describeLaneCpus(lanes)).toBe('2 cells run side by side, each on CPUs of its own: 8-10,24; 0.');
  expect(rangesOf([3, 1, 2, 1, 7])).toBe('1-3,7');
});
