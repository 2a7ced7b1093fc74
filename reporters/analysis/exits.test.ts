import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ServerWindow } from '../../fixtures/records.ts';
import { exitRates } from './exits.ts';
import { writeFiles } from '../exporters.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { terminalTable } from '../terminal/terminal-table.ts';

function counted(seconds: number, exits: Record<string, number>): { l0: ServerWindow } {
  return { l0: { seconds, exits, cpuSeconds: { benchmark: seconds, kernel: 0, harness: 0 } } };
}

/** Samples of different length of two transactions each, a run of hackbench, and a rate without work. */
function journal(): TestJournal {
  const rr = { cell: 'l1-baseline', benchmark: 'netperf-rr' };
  return new TestJournal()
    .start()
    .sample({ cell: 'l0-baseline', benchmark: 'netperf-rr', value: 2000 })
    .sample({
      ...rr,
      value: 100,
      work: { amount: 100, unit: 'transaction' },
      ...counted(1, { exits: 500, halt_exits: 0 }),
    })
    .sample({
      ...rr,
      value: 100,
      iteration: 2,
      work: { amount: 300, unit: 'transaction' },
      ...counted(3, { exits: 1100, halt_exits: 40 }),
    })
    .sample({ cell: 'l1-baseline', benchmark: 'hackbench', value: 2, ...counted(4, { exits: 1000 }) })
    .sample({ cell: 'l2-baseline', benchmark: 'apache', value: 9, ...counted(2, { exits: 7 }) });
}

test('are divided by the time and the work of all samples together', () => {
  using its = journal();
  const rates = exitRates(its.results).map(({ cell, benchmark, n, operation, counters }) => ({
    what: `${cell.name} ${benchmark}`,
    n,
    operation,
    counters,
  }));
  expect(rates).toEqual([
    {
      what: 'l1-baseline hackbench',
      n: 1,
      operation: 'run',
      counters: [{ name: 'exits', perSecond: 250, perOperation: 1000 }],
    },
    {
      what: 'l1-baseline netperf-rr',
      n: 2,
      operation: 'transaction',
      counters: [
        { name: 'exits', perSecond: 400, perOperation: 4 },
        { name: 'halt_exits', perSecond: 10, perOperation: 0.1 },
      ],
    },
    {
      what: 'l2-baseline apache',
      n: 1,
      operation: null,
      counters: [{ name: 'exits', perSecond: 3.5, perOperation: null }],
    },
  ]);
});

test('are printed below the table of an experiment', () => {
  using its = journal();
  const table = terminalTable(its.results, { columns: 120, colours: false });
  expect(table.slice(table.indexOf('Exits'))).toMatch(
    /^Exits at L0, all levels together\n +l1-baseline +l2-baseline\n +-+\n {2}hackbench +per run +1000 \(250\.0\/s\)\n {2}netperf-rr +per transaction +4\.000 \(400\.0\/s\)\n {2}apache +\(3\.500\/s\)/,
  );
});

test('exits.csv has a row per counter', () => {
  using its = journal();
  writeFiles(its.results, its.directory);
  expect(readFileSync(path.join(its.directory, 'exits.csv'), 'utf8')).toBe(
    [
      'level,configuration,benchmark,n,counter,per_second,operation,per_operation',
      'L1,baseline,hackbench,1,exits,250,run,1000',
      'L1,baseline,netperf-rr,2,exits,400,transaction,4',
      'L1,baseline,netperf-rr,2,halt_exits,10,transaction,0.1',
      'L2,baseline,apache,1,exits,3.5,,',
      '',
    ].join('\n'),
  );
});

test('a journal without counts has neither a table nor rows', () => {
  using its = new TestJournal().start().samples('l1-baseline', 'hackbench', [1, 2]);
  expect(exitRates(its.results)).toEqual([]);
  expect(terminalTable(its.results, { columns: 120, colours: false })).not.toContain('Exits');
});
