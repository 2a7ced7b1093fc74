import { describe, expect, test } from 'vitest';
import { fixedNumber, untilNarrow } from '../../fixtures/statistics/stop-rule.ts';
import type { JournalRecord, SampleRecord, SeriesRecord } from '../../fixtures/records.ts';
import { nextRun, type RunWork, type Wanted, workLeft } from './work-left.ts';

const PLACE = { cell: 'l1-baseline', benchmark: 'hackbench' };
const SIZES = { iterations: 3 };

let minute = 0;

/** Each record is a minute after the one before. */
function at(): string {
  minute += 1;
  return new Date(Date.UTC(2026, 10, 23, 0, minute)).toISOString();
}

function series(run: number, fields: { proof?: 'needed'; sizes?: typeof SIZES } = {}): SeriesRecord {
  const words = { unit: 's', better: 'lower', on: 'level' } as const;
  return { type: 'series', at: at(), ...PLACE, run, sizes: SIZES, argv: ['hackbench'], ...words, ...fields };
}

function sample(run: number, iteration: number): SampleRecord {
  const words = { unit: 's', better: 'lower', output: 'x', seconds: 1 } as const;
  const started = '2026-11-23T00:00:00.000Z';
  return { type: 'sample', at: at(), ...PLACE, run, iteration, value: 10 + iteration, started, ...words };
}

function failure(run: number, iteration?: number, code = 'NESTBENCH_COMMAND_FAILED'): JournalRecord {
  return { type: 'failure', at: at(), ...PLACE, run, iteration, kind: 'benchmark', code, message: 'x' };
}

const LOST: JournalRecord = {
  type: 'failure',
  at: '2026-11-23T00:00:00.000Z',
  cell: PLACE.cell,
  benchmark: null,
  kind: 'infrastructure',
  code: 'NESTBENCH_GUEST_DIED',
  message: 'x',
};

const WHOLE = [sample(1, 1), sample(1, 2), sample(1, 3)];

function left(records: readonly JournalRecord[], fields: Partial<Wanted> = {}): RunWork[] {
  const plan = { sizes: SIZES, rule: fixedNumber(3) };
  return workLeft(records, { ...PLACE, plan, runs: 1, first: 1, retryFailed: false, ...fields });
}

/** `run 2: done 1 3`. */
function summary(work: readonly RunWork[]): string[] {
  return work.map(({ run, done }) =>
    `run ${run}: done ${[...done].toSorted((one, other) => one - other).join(' ')}`.trimEnd(),
  );
}

describe('what is left', () => {
  test('of nothing is all', () => {
    expect(summary(left([], { runs: 2 }))).toEqual(['run 1: done', 'run 2: done']);
  });

  test('of a complete run is nothing', () => {
    expect(left([series(1), ...WHOLE])).toEqual([]);
  });

  test('of a run that was cut off are its later iterations, and the runs after it', () => {
    const first = series(1);
    const [cut, next] = left([first, sample(1, 1), LOST], { runs: 2 });
    expect(cut).toEqual({ run: 1, done: new Set([1]), values: [11], continues: first.at });
    expect(next).toEqual({ run: 2, done: new Set(), values: [], continues: undefined });
  });

  test('of a run that was cut off twice begins after both parts', () => {
    const second = series(1);
    const [cut] = left([series(1), sample(1, 1), second, sample(1, 2)]);
    expect(cut).toMatchObject({ done: new Set([1, 2]), values: [11, 12], continues: second.at });
  });

  test('does not include what is enough already: an old run that was cut off and measured again', () => {
    expect(left([series(1), sample(1, 1), series(2), sample(2, 1), sample(2, 2), sample(2, 3)])).toEqual([]);
  });

  test('is of the wanted runs only, without those of earlier starts', () => {
    const records = [series(1), sample(1, 1), series(2), sample(2, 1)];
    expect(summary(left(records, { first: 2, runs: 2 }))).toEqual(['run 2: done 1', 'run 3: done']);
  });

  test('is a sample that another cell or benchmark does not replace', () => {
    const other = { ...series(1), cell: 'l2-baseline' };
    expect(summary(left([other, ...WHOLE.map((record) => ({ ...record, cell: 'l2-baseline' }))]))).toEqual([
      'run 1: done',
    ]);
  });
});

describe('what failed', () => {
  const failed = [series(1), sample(1, 1), failure(1, 2), sample(1, 3)];

  test('is measured again only on request', () => {
    expect(left(failed)).toEqual([]);
    expect(summary(left(failed, { retryFailed: true }))).toEqual(['run 1: done 1 3']);
  });

  test('does not keep the rest of its run from being measured', () => {
    expect(summary(left(failed.slice(0, 3)))).toEqual(['run 1: done 1 2']);
  });

  test('has not failed once it was measured again', () => {
    expect(left([...failed, sample(1, 2)], { retryFailed: true })).toEqual([]);
  });

  test('includes a run that was given up, until it is tried again', () => {
    const givenUp = [series(1), failure(1, 1), failure(1)];
    expect(left(givenUp)).toEqual([]);
    expect(summary(left(givenUp, { retryFailed: true }))).toEqual(['run 1: done']);
    expect(summary(left([...givenUp, series(1), sample(1, 1)]))).toEqual(['run 1: done 1']);
  });

  test('does not include a run whose test was ended', () => {
    expect(summary(left([series(1), sample(1, 1), failure(1, undefined, 'NESTBENCH_ABORTED')]))).toEqual([
      'run 1: done 1',
    ]);
  });
});

describe('a run that needs a proof', () => {
  const proof: JournalRecord = { type: 'proof', at: at(), ...PLACE, run: 1, counters: {} };

  test('is complete with it', () => {
    expect(left([series(1, { proof: 'needed' }), ...WHOLE, proof])).toEqual([]);
  });

  test('is replaced by another if it was cut off, because a proof is for a whole run on one boot', () => {
    expect(summary(left([series(1, { proof: 'needed' }), ...WHOLE]))).toEqual(['run 2: done']);
    expect(summary(left([series(1, { proof: 'needed' })]))).toEqual(['run 1: done']);
  });

  test('has failed if it was void', () => {
    const records = [series(1, { proof: 'needed' }), ...WHOLE, { ...failure(1), voids: true as const }];
    expect(left(records)).toEqual([]);
    expect(summary(left(records, { retryFailed: true }))).toEqual(['run 2: done']);
  });
});

test('a run with a stopping rule is complete with its record, and continues with its samples otherwise', () => {
  const plan = { sizes: SIZES, rule: untilNarrow(0.02, 40) };
  const [cut] = left([series(1), ...WHOLE], { plan });
  expect(cut).toMatchObject({ done: new Set([1, 2, 3]), values: [11, 12, 13] });
  const words = { reason: 'target reached', samples: 3, halfWidth: 0.01 } as const;
  expect(
    left([series(1), ...WHOLE, { type: 'stop', at: at(), ...PLACE, run: 1, ...words }], { plan }),
  ).toEqual([]);
});

test('the rest of a run is not measured with other sizes', () => {
  expect(() => left([series(1, { sizes: { iterations: 5 } }), sample(1, 1)])).toThrow(
    'Run 1 of hackbench in l1-baseline was measured with the sizes {"iterations":5}, and this nestbench has {"iterations":3}',
  );
});

test('the next run is one more than the highest of that cell and benchmark', () => {
  expect(nextRun([], PLACE)).toBe(1);
  const other = { ...series(7), benchmark: 'mysql' };
  expect(
    nextRun([series(1), series(3), series(2), other, { ...series(8), cell: 'l2-baseline' }], PLACE),
  ).toBe(4);
});
