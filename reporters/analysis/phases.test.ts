import { expect, test } from 'vitest';
import type { JournalRecord } from '../../fixtures/records.ts';
import { cellTimes, preparation } from './phases.ts';
import { preparationLine } from '../terminal/phases-table.ts';
import { collectResults } from '../model/experiment-results.ts';

const BEGAN = Date.parse('2026-11-23T00:00:00.000Z');

function at(seconds: number): { at: string } {
  return { at: new Date(BEGAN + seconds * 1000).toISOString() };
}

const experiment: JournalRecord = {
  type: 'experiment',
  ...at(0),
  experiment: 'x',
  testbed: { kind: 'emulated', accelerator: 'tcg', settings: {} },
  profile: 'smoke',
  runs: 1,
  host: { cpuModel: 'EPYC', cpus: 2, memoryBytes: 1, kernel: '6.1' },
  versions: {},
  commit: null,
  modified: false,
  phases: [
    { name: 'Vitest', seconds: 1 },
    { name: 'kernel and image', seconds: 0.01 },
  ],
};

/**
 * Worker 1 s, boot 9 s of which the levels account for 8, service 2 s, around 0.75 s, samples 3 and 4 s, gap 0.25 s,
 * end 1 s.
 */
function cell(name: string, since: number): JournalRecord[] {
  const what = { cell: name, benchmark: 'netperf-rr', run: 1 };
  const sample = {
    type: 'sample',
    ...what,
    value: 1,
    unit: 'transactions/s',
    better: 'higher',
    started: at(since + 14).at,
    output: 'x',
  } as const;
  return [
    {
      type: 'boot',
      ...at(since + 10),
      cell: name,
      levels: [],
      client: null,
      phases: [
        { name: 'client: kernel', seconds: 4 },
        { name: 'l0: QEMU', seconds: 1 },
        { name: 'l0: kernel', seconds: 2 },
        { name: 'l1: kernel', seconds: 5 },
      ],
      seconds: 9,
    },
    { ...sample, ...at(since + 16), iteration: 1, seconds: 3, beforeSeconds: 0.5, afterSeconds: 0.25 },
    { ...sample, ...at(since + 20), iteration: 2, seconds: 4, beforeSeconds: 0, gapSeconds: 0.25 },
    { type: 'service', ...at(since + 22), ...what, seconds: 2 },
    { type: 'end', ...at(since + 24), cell: name, seconds: 1 },
  ];
}

test('a cell lasts from the end of its predecessor to its own end, and its stages and the rest add up to that', () => {
  const results = collectResults([experiment, ...cell('l1-baseline', 0), ...cell('l2-baseline', 24)]);
  const times = cellTimes(results);
  expect(times.map(({ cell: name, total }) => [name, total])).toEqual([
    ['l1-baseline', 24],
    ['l2-baseline', 24],
  ]);
  for (const { stages } of times) {
    expect(stages).toEqual({
      worker: 1,
      L0: 3,
      L1: 5,
      L2: 0,
      L3: 0,
      prime: 0,
      save: 0,
      guests: 0,
      services: 2,
      around: 0.75,
      samples: 7,
      gaps: 0.25,
      end: 1,
      rest: 4,
    });
  }
});

test('what saved a stack in the end counts as its stages', () => {
  const records = cell('l1-baseline', 0);
  const phases = [
    { name: 'prime', seconds: 6 },
    { name: 'save', seconds: 2 },
    { name: 'save: proof', seconds: 3 },
  ];
  const end: JournalRecord = { type: 'end', ...at(35), cell: 'l1-baseline', seconds: 1, phases };
  const results = collectResults([experiment, ...records.slice(0, -1), end]);
  expect(cellTimes(results)).toMatchObject([{ total: 35, stages: { prime: 6, save: 5, end: 1, rest: 4 } }]);
});

test('starts of one experiment add up, without the time between them', () => {
  const later = { ...experiment, ...at(1000) };
  const results = collectResults([
    experiment,
    ...cell('l1-baseline', 0),
    later,
    ...cell('l1-baseline', 1000),
  ]);
  expect(cellTimes(results)).toMatchObject([{ cell: 'l1-baseline', total: 48, stages: { samples: 14 } }]);
  expect(preparation(results)).toEqual([
    { name: 'Vitest', seconds: 2 },
    { name: 'kernel and image', seconds: 0.02 },
  ]);
});

test('phases of almost no time are left out of the line', () => {
  expect(preparationLine(collectResults([experiment]))).toBe('before the cells: Vitest 1.0 s');
});

test('an older journal has no such line, but the times of its cells', () => {
  const { phases: _, ...old } = experiment;
  const [boot] = cell('l1-baseline', 0);
  const results = collectResults(boot === undefined ? [old] : [old, boot]);
  expect(preparationLine(results)).toBeUndefined();
  expect(cellTimes(results)).toMatchObject([{ total: 10, stages: { worker: 1, rest: 1 } }]);
});

function withCpus(records: JournalRecord[], ...hostCpus: number[]): JournalRecord[] {
  return records.map((record) => (record.type === 'boot' ? { ...record, hostCpus } : record));
}

test('of cells that ran side by side each begins when the one before it on the same CPUs ended', () => {
  const beside = {
    ...experiment,
    testbed: { ...experiment.testbed, settings: { 'side by side': '2' } },
  };
  const records = [
    ...withCpus(cell('l0-baseline', 0), 4, 5),
    ...withCpus(cell('l1-baseline', 2), 1, 2),
    ...withCpus(cell('l2-baseline', 24), 4, 5),
  ].toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const times = cellTimes(collectResults([beside, ...records]));
  expect(times.map(({ cell: name, total, stages }) => [name, total, stages.worker, stages.samples])).toEqual([
    ['l0-baseline', 24, 1, 7],
    ['l1-baseline', 26, 3, 7],
    ['l2-baseline', 24, 1, 7],
  ]);
});

test('or when it last wrote a record, if its worker was killed', () => {
  const beside = {
    ...experiment,
    testbed: { ...experiment.testbed, settings: { 'side by side': '2' } },
  };
  const killed = withCpus(cell('l0-baseline', 0), 4, 5).filter(({ type }) => type !== 'end');
  const after = withCpus(cell('l2-baseline', 24), 4, 5);
  const last = Date.parse(killed.at(-1)?.at ?? '') / 1000;
  const times = cellTimes(collectResults([beside, ...killed, ...after]));
  const [dead, next] = times;
  expect(next?.total).toBe(Date.parse(after.at(-1)?.at ?? '') / 1000 - last);
  expect(dead?.cell).toBe('l0-baseline');
});
