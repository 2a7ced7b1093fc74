import { describe, expect, test } from 'vitest';
import { findBenchmark } from '../../fixtures/benchmarks/index.ts';
import { type Cell, findCell } from '../../fixtures/matrix.ts';
import { PROFILES } from '../../fixtures/profiles.ts';
import type { JournalRecord } from '../../fixtures/records.ts';
import { SeenTimes } from './seen-times.ts';
import { planStart, secondsSideBySide, type StartOptions, type StartPlan, wantedRuns } from './start-plan.ts';
import { describeStart } from './start-words.ts';
import { timeBudget, whyNoTime } from './time-budget.ts';

const HOST = { cpuModel: 'AMD EPYC 7B13', cpus: 2, memoryBytes: 8e9, kernel: '6.1.0' };
const BY = { kind: 'emulated', host: HOST };

let minute = 0;

/** Each record is a minute after the one before. */
function at(): string {
  minute += 1;
  return new Date(Date.UTC(2026, 10, 23, 0, minute)).toISOString();
}

function start(request: Record<string, string[]> | undefined, resumes?: true): JournalRecord {
  const cells = Object.entries(request ?? {}).map(([cell, benchmarks]) => ({ cell, benchmarks }));
  return {
    type: 'experiment',
    at: at(),
    experiment: 'night',
    testbed: { kind: 'emulated', accelerator: 'tcg', settings: {} },
    profile: 'quick',
    runs: 1,
    host: HOST,
    versions: {},
    commit: null,
    modified: false,
    request: request && { variables: {}, cells, resumes },
  };
}

/** A run of hackbench with this many samples of so many seconds. */
function hackbench(cell: string, samples: number, seconds = 2): JournalRecord[] {
  const place = { cell, benchmark: 'hackbench', run: 1 };
  const words = { unit: 's', better: 'lower' } as const;
  const sizes = findBenchmark('hackbench')?.sizes.quick ?? { iterations: 3 };
  return [
    { type: 'boot', at: at(), cell, levels: [], client: null, phases: [], seconds: 4 },
    { type: 'series', at: at(), ...place, ...words, sizes, on: 'level', argv: ['hackbench'] },
    ...Array.from({ length: samples }, (_, index): JournalRecord => {
      const sample = { iteration: index + 1, value: 1, started: '2026-11-23T00:00:00.000Z', output: 'x' };
      return { type: 'sample', at: at(), ...place, ...words, ...sample, seconds, beforeSeconds: 1 };
    }),
  ];
}

function cellOf(name: string): Cell {
  const cell = findCell(name);
  if (cell === undefined) throw new Error(name);
  return cell;
}

/** What is planned of these cells and benchmarks. */
function plan(
  requests: Record<string, string[]>,
  options: Partial<Omit<StartOptions, 'requests'>> = {},
): StartPlan {
  const { records = [] } = options;
  const times = new SeenTimes();
  times.add(records, BY);
  return planStart({
    requests: Object.entries(requests).map(([cell, benchmarks]) => ({ cell: cellOf(cell), benchmarks })),
    profile: PROFILES.quick,
    resume: undefined,
    withinSeconds: undefined,
    kind: 'emulated',
    records,
    times,
    ...options,
  });
}

function names(its: StartPlan['measured']): string[] {
  return its.map(({ cell, benchmark }) => `${cell.name} ${benchmark}`);
}

/** How long hackbench takes in these cells. */
function secondsOf(cells: string[], lanes: number): number {
  return plan(Object.fromEntries(cells.map((cell) => [cell, ['hackbench']])), { lanes }).seconds;
}

const resume = { retryFailed: false };

describe('a start that adds to an experiment', () => {
  test('measures all that was selected, and says how long it takes at most', () => {
    const planned = plan({ 'l1-baseline': ['hackbench', 'netperf-rr'] });
    expect(names(planned.measured)).toEqual(['l1-baseline hackbench', 'l1-baseline netperf-rr']);
    expect(describeStart(planned, undefined)).toEqual([
      expect.stringMatching(
        /^To measure: 2 benchmarks in 1 cell, 6 samples, in about \d+ s, at most \d min \(there are no earlier results /,
      ),
    ]);
  });

  test('takes usually less than at most, however many cells run side by side', () => {
    const requests = { 'l1-baseline': ['hackbench', 'mysql'], 'l3-baseline': ['netperf-rr'] };
    const [alone, both] = [plan(requests), plan(requests, { lanes: 2 })];
    expect(alone.usualSeconds).toBeLessThan(alone.seconds / 2);
    expect(both.usualSeconds).toBeLessThan(alone.usualSeconds);
    expect(plan({}).usualSeconds).toBe(0);
  });

  test('takes the longest of earlier results', () => {
    const records = [start({}), ...hackbench('l1-baseline', 1, 5), ...hackbench('l1-baseline', 1, 9)];
    const planned = plan({ 'l1-baseline': ['hackbench'] }, { records });
    // Three samples of 9 + 1 s, a boot of 4, and what a run and a cell take besides.
    expect(planned.seconds).toBe(3 * 10 + 4 + 12);
    expect(describeStart(planned, undefined)).toEqual([
      'To measure: 1 benchmark in 1 cell, 3 samples, in at most about 46 s (by earlier results).',
    ]);
  });

  test('with cells side by side, takes as long as the longest lane', () => {
    const [l1, l3] = [secondsOf(['l1-baseline'], 1), secondsOf(['l3-baseline'], 1)];
    expect(secondsOf(['l1-baseline', 'l3-baseline'], 1)).toBe(l1 + l3);
    expect(secondsOf(['l1-baseline', 'l3-baseline'], 2)).toBe(l3);
    expect(secondsOf(['l1-baseline', 'l1-passthrough', 'l3-baseline'], 2)).toBe(l1 + l3);
    expect(secondsSideBySide([], 2)).toBe(0);
  });

  test('and so more fits into the given time', () => {
    const requests = { 'l1-baseline': ['hackbench'], 'l1-passthrough': ['hackbench'] };
    const withinSeconds = plan({ 'l1-baseline': ['hackbench'] }).seconds + 1;
    expect(names(plan(requests, { withinSeconds }).measured)).toEqual(['l1-baseline hackbench']);
    expect(plan(requests, { withinSeconds, lanes: 2 }).measured).toHaveLength(2);
  });

  test('counts what saved a stack in the end', () => {
    const end: JournalRecord = {
      type: 'end',
      at: start({}).at,
      cell: 'l1-baseline',
      seconds: 1,
      phases: [{ name: 'save', seconds: 20 }],
    };
    const records = [start({}), ...hackbench('l1-baseline', 1, 5), end];
    expect(plan({ 'l1-baseline': ['hackbench'] }, { records }).seconds).toBe(3 * 6 + 4 + 20 + 12);
  });

  test('does not take those of another host', () => {
    const other: JournalRecord = Object.assign(start({}), { host: { ...HOST, cpus: 64 } });
    const planned = plan(
      { 'l1-baseline': ['hackbench'] },
      { records: [other, ...hackbench('l1-baseline', 3)] },
    );
    expect(planned.measured[0]?.isSeen).toBe(false);
  });
});

describe('a resumed start', () => {
  const request = { 'l0-baseline': ['hackbench'], 'l1-baseline': ['hackbench', 'netperf-rr'] };
  const records = [start(request), ...hackbench('l0-baseline', 3), ...hackbench('l1-baseline', 1)];

  test('measures what the earlier starts requested and is not there, and says what is', () => {
    const planned = plan(request, { records, resume });
    expect(names(planned.measured)).toEqual(['l1-baseline hackbench', 'l1-baseline netperf-rr']);
    expect(describeStart(planned, 'night').slice(0, 4)).toEqual([
      'Experiment "night" has 4 of 9 samples:',
      '  l0-baseline: complete',
      '  l1-baseline: hackbench 1 of 3, netperf-rr 0 of 3',
      expect.stringMatching(/^To measure: 2 benchmarks in 1 cell, 5 samples, /),
    ]);
  });

  test('of a part says what the whole experiment has', () => {
    const missing = plan({ 'l1-baseline': ['hackbench'] }, { records, resume });
    expect(describeStart(missing, 'night')).toEqual([
      'Experiment "night" has 4 of 9 samples:',
      '  l0-baseline: complete',
      '  l1-baseline: hackbench 1 of 3, netperf-rr 0 of 3',
      expect.stringMatching(/^To measure: 1 benchmark in 1 cell, 2 samples, /),
    ]);
  });

  test('measures nothing else, and says if nothing is missing', () => {
    const others = { 'l0-baseline': ['hackbench', 'mysql'], 'l2-baseline': ['mysql'] };
    const planned = plan(others, { records, resume });
    expect(planned.measured).toEqual([]);
    expect(describeStart(planned, 'night').slice(3)).toEqual(['Nothing of what is selected is missing.']);

    const whole = [start({ 'l0-baseline': ['hackbench'] }), ...hackbench('l0-baseline', 3)];
    expect(describeStart(plan(others, { records: whole, resume }), 'night')).toEqual([
      'Experiment "night" has 3 of 3 samples:',
      '  l0-baseline: complete',
      'Nothing is missing.',
    ]);
  });

  test('still does after another one was cut off', () => {
    const again = plan(request, { records: [...records, start(request, true)], resume });
    expect(names(again.measured)).toEqual(['l1-baseline hackbench', 'l1-baseline netperf-rr']);
  });

  test('of an older journal measures what is selected', () => {
    const old = [start(undefined), ...hackbench('l0-baseline', 3)];
    const planned = plan({ 'l0-baseline': ['hackbench', 'mysql'] }, { records: old, resume });
    expect(names(planned.measured)).toEqual(['l0-baseline mysql']);
  });

  test('says what failed, and measures it again on request', () => {
    const failure: JournalRecord = {
      type: 'failure',
      at: at(),
      cell: 'l1-baseline',
      benchmark: 'hackbench',
      run: 1,
      iteration: 2,
      kind: 'benchmark',
      code: 'NESTBENCH_COMMAND_FAILED',
      message: 'x',
    };
    const failed = [...records, failure];
    const planned = plan(request, { records: failed, resume });
    expect(describeStart(planned, 'night')).toContain(
      '  l1-baseline: hackbench 1 of 3 (1 failed), netperf-rr 0 of 3',
    );
    expect(planned.measured[0]?.iterations).toBe(1);
    const retried = plan(request, { records: failed, resume: { retryFailed: true } });
    expect(retried.measured[0]?.iterations).toBe(2);
  });

  test('of several starts wants the runs of all; another start wants its own', () => {
    const twice = [...records, start(request)];
    const place = { cell: 'l0-baseline', benchmark: 'hackbench' };
    const { profile } = { profile: PROFILES.quick };
    expect(wantedRuns(twice, place, { profile, resume })).toEqual({ runs: 2, first: 1 });
    expect(wantedRuns(twice, place, { profile, resume: undefined })).toEqual({ runs: 1, first: 2 });
  });
});

describe('a start with little time', () => {
  const requests = {
    'l0-baseline': ['netperf-rr'],
    'l1-passthrough': ['netperf-rr'],
    'l1-baseline': ['mysql', 'netperf-rr'],
  };

  test('measures the baselines first, then what still fits, and says what it leaves out', () => {
    const { seconds: withinSeconds } = plan({ 'l0-baseline': ['netperf-rr'], 'l1-baseline': ['mysql'] });
    const planned = plan(requests, { withinSeconds });
    expect(names(planned.measured)).toEqual(['l0-baseline netperf-rr', 'l1-baseline mysql']);
    expect(planned.seconds).toBe(withinSeconds);
    expect(describeStart(planned, undefined)[1]).toBe(
      'Left out, for lack of time: l1-passthrough netperf-rr; l1-baseline netperf-rr. npm run resume measures it later.',
    );
  });

  test('is refused if nothing fits', () => {
    expect(() => plan(requests, { withinSeconds: 5 })).toThrow(
      /^WITHIN is 5 s, in which nothing .* netperf-rr in l0-baseline, for example, takes up to /,
    );
  });

  test('begins nothing that would end too late', () => {
    const planned = plan({ 'l0-baseline': ['netperf-rr'] });
    const seconds = planned.measured[0]?.seconds ?? 0;
    const budget = timeBudget({ ...planned, leftOut: [] }, 600, 0);
    const why = (after: number): string | undefined =>
      whyNoTime(budget, 'l0-baseline', 'netperf-rr', 1000 * after);
    expect(why(600 - seconds)).toBeUndefined();
    expect(why(601 - seconds)).toMatch(
      /^left out: it takes up to \d+ s, and of 10 min \(WITHIN\) only \d+ s is left$/,
    );
    expect(why(700)).toMatch(/nothing is left$/);
    const without = timeBudget({ ...planned, leftOut: planned.measured, measured: [] }, 600, 0);
    expect(whyNoTime(without, 'l0-baseline', 'netperf-rr', 0)).toBe(
      'left out: it does not fit into 10 min (WITHIN)',
    );
  });
});
