import { describe, expect, test } from 'vitest';
import { APPLICATION_NAMES } from '../../fixtures/benchmarks/index.ts';
import { CELLS } from '../../fixtures/matrix.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { TestJournal } from './journal.testing.ts';
import { collectResults, type Measured, outcomeOf, type Results } from './experiment-results.ts';

function measuredOf(results: Results, cell: string, benchmark: string): Measured {
  const outcome = outcomeOf(results, cell, benchmark);
  if (outcome.state !== 'measured') throw new Error(`${cell} ${benchmark} is ${outcome.state}`);
  return outcome;
}

test('an empty journal has every cell and every benchmark, not run', () => {
  const results = collectResults([]);
  expect(results.experiment).toBeNull();
  expect(results.cells.map(({ name }) => name)).toEqual(CELLS.map(({ name }) => name));
  expect(results.benchmarks.map(({ name }) => name)).toEqual(APPLICATION_NAMES);
  for (const { outcomes } of results.cells) {
    expect([...outcomes.keys()]).toEqual(APPLICATION_NAMES);
    for (const outcome of outcomes.values()) expect(outcome).toEqual({ state: 'missing', reason: 'not run' });
  }
});

describe('measured', () => {
  test('samples are ordered by run and iteration, whatever their order in the journal', () => {
    using journal = new TestJournal();
    const sample = (run: number, iteration: number, value: number) =>
      journal.sample({ cell: 'l1-baseline', benchmark: 'hackbench', run, iteration, value });
    sample(10, 1, 7);
    sample(2, 2, 4);
    sample(2, 1, 5);
    sample(1, 1, 6);
    const { runs, statistics } = measuredOf(journal.results, 'l1-baseline', 'hackbench');
    expect(runs.map(({ run, values }) => [run, values])).toEqual([
      [1, [6]],
      [2, [5, 4]],
      [10, [7]],
    ]);
    expect(statistics).toMatchObject({ n: 4, mean: 5.5 });
  });

  test('the best run is the lowest average of times and the highest of rates', () => {
    using journal = new TestJournal();
    for (const benchmark of ['hackbench', 'netperf-rr']) {
      journal.samples('l0-baseline', benchmark, [9, 11], 1).samples('l0-baseline', benchmark, [1, 21], 2);
    }
    expect(measuredOf(journal.results, 'l0-baseline', 'hackbench').best).toEqual({
      run: 1,
      value: 10,
      of: 2,
    });
    expect(measuredOf(journal.results, 'l0-baseline', 'netperf-rr').best).toEqual({
      run: 2,
      value: 11,
      of: 2,
    });
  });

  test('runs of all starts count together', () => {
    using journal = new TestJournal();
    journal.start().samples('l1-baseline', 'hackbench', [3, 3], 1);
    journal.start({ profile: 'smoke' }).samples('l1-baseline', 'hackbench', [2, 2], 2);
    const { starts } = journal.results;
    expect(starts.map(({ profile }) => profile)).toEqual(['quick', 'smoke']);
    expect(measuredOf(journal.results, 'l1-baseline', 'hackbench')).toMatchObject({
      statistics: { n: 4 },
      best: { run: 2, value: 2 },
    });
  });

  test('a series that failed part way keeps its samples and has its failure', () => {
    using journal = new TestJournal();
    journal
      .samples('l2-baseline', 'netperf-rr', [10, 12])
      .fail('l2-baseline', 'netperf-rr', { iteration: 3 });
    const { statistics, failures } = measuredOf(journal.results, 'l2-baseline', 'netperf-rr');
    expect(statistics.n).toBe(2);
    expect(failures).toMatchObject([{ code: 'NESTBENCH_GUEST_HUNG', iteration: 3 }]);
  });

  test('a run that a failure voids has no samples, and the others keep theirs', () => {
    using journal = new TestJournal();
    journal
      .start()
      .samples('l2-dvh', 'hackbench', [1, 2], 1)
      .fail('l2-dvh', 'hackbench', { run: 1, voids: true, message: 'unproven' })
      .samples('l2-dvh', 'netperf-rr', [5], 1)
      .fail('l2-dvh', 'netperf-rr', { run: 1, voids: true })
      .samples('l2-dvh', 'netperf-rr', [7], 2);
    const { results } = journal;
    expect(outcomeOf(results, 'l2-dvh', 'hackbench')).toMatchObject({ state: 'failed', reason: 'unproven' });
    expect(outcomeOf(results, 'l2-dvh', 'netperf-rr')).toMatchObject({
      state: 'measured',
      runs: [{ run: 2, values: [7] }],
    });
  });

  test('a run that needs a proof has no samples without one, and says so', () => {
    using journal = new TestJournal();
    const cell = 'l2-dvh';
    journal
      .start()
      .series(cell, 'hackbench', 1, { proof: 'needed' })
      .sample({ cell, benchmark: 'hackbench', value: 1 })
      .fail(cell, 'hackbench', { run: 1, iteration: 2 })
      .sample({ cell, benchmark: 'hackbench', value: 2, iteration: 3 })
      .series(cell, 'netperf-rr', 1, { proof: 'needed' })
      .sample({ cell, benchmark: 'netperf-rr', value: 5 })
      .series(cell, 'netperf-rr', 2, { proof: 'needed' })
      .sample({ cell, benchmark: 'netperf-rr', value: 7, run: 2 })
      .record({ type: 'proof', cell, benchmark: 'netperf-rr', run: 2, counters: { dvh_eois: 3 } })
      // Without the request for one, as in older journals.
      .samples(cell, 'mysql', [4]);
    const { results } = journal;
    expect(outcomeOf(results, cell, 'hackbench')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Its samples do not count; measure the cell again.'),
      failures: [{ code: 'NESTBENCH_DVH_UNPROVEN', run: 1 }, { code: 'NESTBENCH_GUEST_HUNG' }],
    });
    expect(outcomeOf(results, cell, 'netperf-rr')).toMatchObject({
      state: 'measured',
      runs: [{ run: 2, values: [7] }],
      failures: [{ code: 'NESTBENCH_DVH_UNPROVEN', run: 1, voids: true }],
    });
    expect(measuredOf(results, cell, 'mysql').statistics.n).toBe(1);
  });

  test('a series that its cell cut short has the failure of the cell, a complete one does not', () => {
    using journal = new TestJournal();
    journal
      .samples('l2-baseline', 'hackbench', [1, 2, 3])
      .samples('l2-baseline', 'netperf-rr', [10])
      .fail('l2-baseline', null);
    expect(measuredOf(journal.results, 'l2-baseline', 'hackbench').failures).toEqual([]);
    const { statistics, failures } = measuredOf(journal.results, 'l2-baseline', 'netperf-rr');
    expect(statistics.n).toBe(1);
    expect(failures).toMatchObject([{ code: 'NESTBENCH_GUEST_HUNG', benchmark: null }]);
  });

  test('a run that was cut short is not the best if there is a complete one', () => {
    using journal = new TestJournal();
    journal
      .samples('l2-baseline', 'netperf-rr', [99], 1)
      .samples('l2-baseline', 'netperf-rr', [10, 11, 12], 2);
    expect(measuredOf(journal.results, 'l2-baseline', 'netperf-rr').best).toEqual({
      run: 2,
      value: 11,
      of: 1,
    });
  });

  test('a benchmark and a cell that only the journal has come last, by first appearance', () => {
    using journal = new TestJournal();
    journal
      .samples('l2-dvh-ipi', 'fio', [1])
      .samples('bare', 'iozone', [2])
      .samples('l0-baseline', 'hackbench', [3]);
    const { benchmarks, cells } = journal.results;
    expect(benchmarks.slice(APPLICATION_NAMES.length).map(({ name }) => name)).toEqual(['fio', 'iozone']);
    expect(cells.slice(CELLS.length)).toMatchObject([
      { name: 'l2-dvh-ipi', level: 2, configuration: 'dvh-ipi' },
      { name: 'bare', level: null, configuration: 'bare' },
    ]);
    expect(benchmarks.at(-1)).toMatchObject({ name: 'iozone', unit: 'exits', better: 'lower' });
  });

  test('a benchmark with two units is rejected by name', () => {
    using journal = new TestJournal();
    journal
      .samples('l0-baseline', 'netperf-stream', [941])
      .sample({ cell: 'l1-baseline', benchmark: 'netperf-stream', value: 0.4, unit: '10^9 bit/s' });
    expect(() => journal.results).toThrow(InputError);
    expect(() => journal.results).toThrow(/netperf-stream both in 10\^6 bit\/s .* and in 10\^9 bit\/s/);
  });
});

describe('not measured', () => {
  test('a failed cell is the reason for all its benchmarks without their own', () => {
    using journal = new TestJournal();
    journal
      .samples('l3-baseline', 'hackbench', [40])
      .skip('l3-baseline', 'mysql', 'mysql is not built yet')
      .fail('l3-baseline', 'netperf-rr', {
        code: 'NESTBENCH_DEADLINE',
        kind: 'benchmark',
        message: 'too slow',
      })
      .fail('l3-baseline', null, { message: 'L3 died' });
    const of = (benchmark: string) => outcomeOf(journal.results, 'l3-baseline', benchmark);
    expect(of('hackbench').state).toBe('measured');
    expect(of('mysql')).toEqual({ state: 'skipped', reason: 'mysql is not built yet' });
    expect(of('netperf-rr')).toMatchObject({
      state: 'failed',
      code: 'NESTBENCH_DEADLINE',
      reason: 'too slow',
    });
    expect(of('netperf-stream')).toEqual({
      state: 'failed',
      reason: 'L3 died',
      kind: 'infrastructure',
      code: 'NESTBENCH_GUEST_HUNG',
      failures: [],
    });
    expect(journal.results.cells.find(({ name }) => name === 'l3-baseline')?.failures).toHaveLength(1);
    expect(outcomeOf(journal.results, 'l2-baseline', 'netperf-stream').state).toBe('missing');
  });

  test('the reason is the first failure of the newest start', () => {
    using journal = new TestJournal();
    journal.start().fail('l1-baseline', null, { message: 'old' });
    journal.start().fail('l1-baseline', null, { message: 'the guest panicked' });
    journal.fail('l1-baseline', null, { message: 'the connection was lost' });
    expect(outcomeOf(journal.results, 'l1-baseline', 'hackbench')).toMatchObject({
      reason: 'the guest panicked',
    });
  });

  test('a failure takes precedence over a skip, and samples of a later start over both', () => {
    using journal = new TestJournal();
    journal.skip('l1-baseline', 'hackbench', 'why not').fail('l1-baseline', 'hackbench');
    expect(outcomeOf(journal.results, 'l1-baseline', 'hackbench').state).toBe('failed');
    journal.start().samples('l1-baseline', 'hackbench', [1], 2);
    expect(measuredOf(journal.results, 'l1-baseline', 'hackbench').failures).toHaveLength(1);
  });
});

test('the loader is that of the series, and two different ones are rejected', () => {
  using journal = new TestJournal();
  const loaderOf = (name: string) => journal.results.benchmarks.find((one) => one.name === name)?.loader;
  journal
    .series('l0-baseline', 'memcached')
    .series('l1-baseline', 'memcached')
    .series('l1-baseline', 'apache');
  expect(['memcached', 'apache', 'mysql'].map(loaderOf)).toEqual(['memaslap', null, null]);
  journal.series('l2-baseline', 'memcached', 1, { loader: 'memtier_benchmark' });
  expect(() => journal.results).toThrow(
    /holds memcached loaded by memaslap and memtier_benchmark: these can't/,
  );
});

test('the storage is that of the series, memory in older journals, and two different ones are rejected', () => {
  using journal = new TestJournal();
  const storageOf = (name: string) => journal.results.benchmarks.find((one) => one.name === name)?.storage;
  journal.series('l0-baseline', 'mysql').series('l1-baseline', 'apache');
  expect(['mysql', 'apache'].map(storageOf)).toEqual(['memory', null]);
  journal.series('l1-baseline', 'mysql', 1, { storage: 'disk' });
  expect(() => journal.results).toThrow(/holds mysql with data in memory and disk: these can't be compared/);
});

test('sizes are those of the series, each combination once', () => {
  using journal = new TestJournal();
  journal.series('l0-baseline', 'hackbench').series('l1-baseline', 'hackbench').series('l1-baseline', 'fio');
  const sizesOf = (name: string) => journal.results.benchmarks.find((one) => one.name === name)?.sizes;
  expect(sizesOf('hackbench')).toEqual([{ iterations: 3, groups: 2, loops: 400 }]);
  expect(sizesOf('fio')).toEqual([{ iterations: 3 }]);
  expect(sizesOf('mysql')).toEqual([]);
});
