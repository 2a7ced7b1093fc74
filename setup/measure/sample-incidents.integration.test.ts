import { describe, expect, test } from 'vitest';
import { incidentsProgram } from '../machine/incidents.testing.ts';
import { incidentError } from './sample-incidents.ts';
import { measurement } from './measurement.testing.ts';
import { toy } from './toys.testing.ts';

describe.runIf(process.getuid?.() === 0)('on a machine with process accounting', () => {
  test('a benchmark whose workers were killed gives no sample, although it printed a number and exited with 0', async () => {
    const { measure, records, summary } = measurement();
    const incidents = [await incidentsProgram()];
    const script = `sh -c 'kill -KILL $$' 2>/dev/null; echo 5`;
    await expect(measure(toy({ script, iterations: 1 }), { incidents })).rejects.toThrow('gave no sample');
    expect(summary()).toEqual(['series 1', 'failure 1.1 PROCESS_KILLED']);
    expect(records()[1]).toMatchObject({
      kind: 'benchmark',
      message: expect.stringMatching(
        /^toy gave no sample, whatever it printed: while it ran, a signal killed .*1 x sh \(SIGKILL\).* on l1/,
      ),
      output: expect.stringContaining('iteration-1'),
    });
  });

  test('a failed one says so too', async () => {
    const { measure } = measurement();
    const incidents = [await incidentsProgram()];
    const script = `sh -c 'kill -KILL $$' 2>/dev/null; exit 3`;
    await expect(measure(toy({ script, iterations: 1 }), { incidents })).rejects.toThrow(
      /toy failed.* ended with 3 .*a signal killed .*1 x sh \(SIGKILL\).* on l1/,
    );
  });

  test('so does one whose worker on the client was killed', async () => {
    const { measure } = measurement();
    const incidents = [await incidentsProgram({ accounting: false }), await incidentsProgram()];
    const script = `sh -c 'kill -SEGV $$' 2>/dev/null; echo 5`;
    await expect(measure(toy({ script, iterations: 1, on: 'client' }), { incidents })).rejects.toMatchObject({
      code: 'NESTBENCH_PROCESS_KILLED',
    });
  });
});

const nothing = { machine: 'client', processes: [], oomKills: 0, clockSetSeconds: 0 };

test('if nothing was killed, there is no error', () => {
  expect(incidentError('hackbench', [nothing, { ...nothing, machine: 'l1' }])).toBeUndefined();
  expect(incidentError('hackbench', [])).toBeUndefined();
});

test('a clock that was set is named before what was killed', () => {
  const killed = [{ name: 'hackbench', signal: 'SIGKILL', count: 40 }];
  const incidents = [
    { ...nothing, processes: killed },
    { ...nothing, machine: 'l1', clockSetSeconds: -0.25 },
  ];
  expect(incidentError('hackbench', incidents)).toMatchObject({
    code: 'NESTBENCH_CLOCK_WRONG',
    kind: 'infrastructure',
    machine: 'l1',
    message:
      'The clock of l1 is wrong: its time of day was set 0.25 s back while hackbench ran, so what hackbench printed is no sample. End what sets the clock there.',
  });
});

test('out of memory is reported, with what to do', () => {
  const processes = [{ name: 'hackbench', signal: 'SIGKILL', count: 40 }];
  const error = incidentError('hackbench', [nothing, { ...nothing, machine: 'l1', processes, oomKills: 40 }]);
  expect(error?.message).toBe(
    'hackbench gave no sample, whatever it printed: while it ran, a signal killed 40 x hackbench (SIGKILL) on l1; l1 ran out of memory and killed 40 processes: select smaller sizes, or give it more memory.',
  );
  expect(error?.machine).toBe('l1');
});

test('a machine that ran out of memory is enough, even without process accounting', () => {
  expect(incidentError('hackbench', [{ ...nothing, oomKills: 1 }])).toMatchObject({
    code: 'NESTBENCH_PROCESS_KILLED',
    machine: 'client',
  });
});
