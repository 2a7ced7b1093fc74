import { expect, test } from 'vitest';
import type { JournalRecord } from '../../fixtures/records.ts';
import { TestJournal } from '../../reporters/model/journal.testing.ts';
import { readJournal } from '../../setup/journal/journal-reader.ts';
import type { RecordOf } from '../cli/nestbench-run.ts';
import type { Phase } from './fault-kind.ts';
import { FAULT_KINDS } from './kinds.ts';
import { judgeRun, type Struck, type Watched } from './judge.ts';

const CELL = 'l0-baseline';
const NOW = Date.now();

function runOf(journal: TestJournal, output = ''): Watched {
  const { records } = readJournal(journal.directory);
  const recordsOf = <T extends JournalRecord['type']>(type: T): RecordOf<T>[] =>
    records.filter((record): record is RecordOf<T> => record.type === type);
  return { output, records, recordsOf };
}

function at(time: number): Struck['at'] {
  return { began: time, complete: time };
}

/** A fault of that kind, which struck just now and at once. */
function struck(kindName: string, exitCode: number, fields: Partial<Struck> = {}): Struck {
  const kind = FAULT_KINDS.find(({ name }) => name === kindName);
  if (kind === undefined) throw new RangeError(kindName);
  const planned = {
    number: 1,
    kind,
    target: 'l0',
    cell: CELL,
    phase: 'measure',
    afterMs: 0,
    seed: 1,
  } as const;
  return {
    planned: { ...planned, benchmark: 'hackbench' },
    at: at(NOW),
    printed: 0,
    ended: { exitCode, signal: undefined },
    ...fields,
  };
}

const DIED = 'The QEMU that runs l0 on host was killed by SIGKILL.\nIts console ends in: ok';

test('a run that names the fault and measures everything in the end went on', () => {
  using journal = new TestJournal()
    .fail(CELL, null, { message: DIED })
    .sample({ cell: CELL, benchmark: 'hackbench', value: 1 });
  expect(judgeRun(runOf(journal), struck('kill-qemu', 0))).toEqual({ outcome: 'went on', wrong: [] });
});

test('the first failure has to name the fault', () => {
  using journal = new TestJournal()
    .fail(CELL, null, { message: 'Something else.\n' })
    .fail(CELL, null, { message: DIED });
  expect(judgeRun(runOf(journal), struck('kill-qemu', 1)).wrong).toEqual([
    'The first sentence is: Something else.',
  ]);
});

test('a run that says nothing is right only if everything had been measured before', () => {
  using journal = new TestJournal().sample({ cell: CELL, benchmark: 'memcached', value: 1 });
  expect(judgeRun(runOf(journal), struck('kill-qemu', 0, { at: at(NOW + 60_000) }))).toEqual({
    outcome: 'unnoticed',
    wrong: [],
  });
  expect(judgeRun(runOf(journal), struck('kill-qemu', 0, { at: at(NOW - 60_000) })).wrong).toEqual([
    'Nothing that it printed names the fault.',
  ]);
});

test('a kind may go unnoticed in one phase, and has to be noticed in another', () => {
  using journal = new TestJournal().sample({ cell: CELL, benchmark: 'memcached', value: 1 });
  const judged = (phase: Phase): string[] => {
    const { planned } = struck('key-removed', 0);
    const fields = { at: at(NOW - 60_000), planned: { ...planned, phase } };
    return judgeRun(runOf(journal), struck('key-removed', 0, fields)).wrong;
  };
  expect(judged('measure')).toEqual([]);
  expect(judged('copy')).toEqual(['Nothing that it printed names the fault.']);
});

test('an exit code that the kind does not allow, and a stack trace, are wrong', () => {
  using journal = new TestJournal().fail(CELL, null, { message: DIED });
  const output = `Unhandled Error\n    at main (file.ts:1:2)\n`;
  expect(judgeRun(runOf(journal, output), struck('kill-qemu', 2)).wrong).toEqual([
    'It ended with 2, and not with 0 or 1.',
    'It printed a stack trace, or called it a bug.',
  ]);
});

test('a sample during which the fault struck must not count', () => {
  using journal = new TestJournal().fail(CELL, null, { message: DIED }).sample({
    cell: CELL,
    benchmark: 'hackbench',
    value: 1,
    started: new Date(NOW - 1000).toISOString(),
    seconds: 2,
  });
  expect(judgeRun(runOf(journal), struck('kill-qemu', 0)).wrong).toEqual([
    'The fault struck during a sample of hackbench, which counts.',
  ]);
});

test('a number that was printed has to be in the journal, unless the fault removes that', () => {
  using journal = new TestJournal().fail(CELL, null, { message: `It was removed or replaced. ${DIED}` });
  const run = runOf(journal, ' ✓ l0-baseline: hackbench 0.3140 s, 1 sample\n');
  expect(judgeRun(run, struck('kill-qemu', 1)).wrong).toEqual([
    'hackbench was printed, and its samples are not in the journal.',
  ]);
  expect(judgeRun(run, struck('journal-removed', 1)).wrong).toEqual([]);
});

test('without a blow, a run has to end well, and proves nothing', () => {
  using journal = new TestJournal().sample({ cell: CELL, benchmark: 'hackbench', value: 1 });
  expect(judgeRun(runOf(journal), struck('kill-qemu', 0, { at: undefined }))).toEqual({
    outcome: 'missed',
    wrong: [],
  });
  expect(judgeRun(runOf(journal), struck('kill-qemu', 1, { at: undefined })).wrong).toEqual([
    'It ended with 1, although nothing was broken.',
  ]);
});

test('nor if everything was measured before a slow fault took effect', () => {
  using journal = new TestJournal().sample({ cell: CELL, benchmark: 'memcached', value: 1 });
  const slow = { began: NOW - 60_000, complete: NOW + 60_000 };
  expect(judgeRun(runOf(journal), struck('panic', 0, { at: slow }))).toEqual({
    outcome: 'unnoticed',
    wrong: [],
  });
});

test('a level between L0 and the measured one may fall silent unnoticed, the measured one may not', () => {
  using journal = new TestJournal().sample({ cell: CELL, benchmark: 'hackbench', value: 1 });
  const run = runOf(journal);
  const frozen = (cell: 'l1-baseline' | 'l2-baseline') => {
    const { planned, ...fault } = struck('freeze-ssh', 0);
    return judgeRun(run, { ...fault, planned: { ...planned, target: 'l1', cell } });
  };
  expect(frozen('l2-baseline')).toEqual({ outcome: 'unnoticed', wrong: [] });
  expect(frozen('l1-baseline').wrong).toEqual(['Nothing that it printed names the fault.']);
});
