import { expect, test } from 'vitest';
import type { BootRecord, JournalRecord } from '../../fixtures/records.ts';
import { bootMeans, measurementOf } from './measurement.ts';
import { collectResults, type Measured, outcomeOf } from './experiment-results.ts';
import { noisyRecords } from '../verdict/noisy-experiment.ts';
import { compareExperiments } from '../verdict/compare-experiments.ts';

const CELL = 'l1-baseline';
const BENCHMARK = 'hackbench';

function bootAt(at: string, start?: BootRecord['start']): BootRecord {
  return { type: 'boot', at, cell: CELL, start, levels: [], client: null, phases: [], seconds: 8 };
}

function records(seed: number, runs: number): JournalRecord[] {
  return noisyRecords({
    seed,
    runs,
    iterations: 3,
    cells: [CELL],
    benchmarks: [BENCHMARK],
    betweenRuns: 0.001,
    withinRuns: 0.001,
    // The host is in another condition; nobody changed anything.
    slower: () => (seed === 1 ? 1 : 1.3),
  });
}

/** The records, with a boot before each run in `before`. */
function booted(its: readonly JournalRecord[], before: readonly number[], day: string): JournalRecord[] {
  return its.flatMap((record) =>
    record.type === 'series' && before.includes(record.run)
      ? [bootAt(`2026-11-${day}T0${record.run}:00:00.000Z`), record]
      : [record],
  );
}

function measured(its: readonly JournalRecord[]): Measured {
  const outcome = outcomeOf(collectResults(its), CELL, BENCHMARK);
  if (outcome.state !== 'measured') throw new Error(outcome.state);
  return outcome;
}

test('runs of one boot are one value; without a boot in the journal each run is its own', () => {
  const five = records(1, 5);
  expect(bootMeans(measured(booted(five, [1], '01')))).toHaveLength(1);
  expect(bootMeans(measured(booted(five, [1, 3], '01')))).toHaveLength(2);
  expect(bootMeans(measured(five))).toHaveLength(5);
  expect(measurementOf(measured(booted(five, [1, 3], '01')))).toMatchObject({
    boots: 2,
    runs: 5,
    samples: 15,
  });
});

/** Five runs per side, with a boot before each run in `before`. */
function verdict(before: readonly number[]): string | undefined {
  const [base, head] = [records(1, 5), records(2, 5)].map((its, side) =>
    collectResults(booted(its, before, `0${side + 1}`)),
  );
  if (base === undefined || head === undefined) throw new Error('two sides');
  const comparison = compareExperiments(base, head);
  return comparison.state === 'compared' ? comparison.rows[0]?.verdict.kind : comparison.state;
}

test('five runs in one boot declare nothing against five in another, however far apart; five boots do', () => {
  expect(verdict([1])).toBe('undecided');
  expect(verdict([1, 2, 3, 4, 5])).toBe('regression');
});

test('a comparison warns if one side was measured after the other, and if boots are restores of one snapshot', () => {
  const warm: BootRecord['start'] = {
    kind: 'warm',
    snapshot: 'l1-baseline-1',
    madeAt: '2026-11-01T00:00:00Z',
    bytes: 1,
    behindSeconds: 1,
  };
  const side = (days: readonly string[]): JournalRecord[] => [
    ...records(1, 2),
    ...days.map((day) => bootAt(`2026-11-${day}T00:00:00.000Z`, warm)),
  ];
  const warnings = (base: readonly string[], head: readonly string[]): string => {
    const comparison = compareExperiments(collectResults(side(base)), collectResults(side(head)));
    return comparison.state === 'compared' ? comparison.warnings.join('\n') : '';
  };
  expect(warnings(['01', '02'], ['03', '04'])).toContain(
    'NOT ALTERNATING: all of the head was measured after',
  );
  expect(warnings(['03', '04'], ['01', '02'])).toContain(
    'NOT ALTERNATING: all of the base was measured after',
  );
  expect(warnings(['01', '03'], ['02', '04'])).not.toContain('NOT ALTERNATING');
  expect(warnings(['01', '03'], ['02', '04'])).toContain(
    'ONE SNAPSHOT: all boots of l1-baseline in the base',
  );
});
