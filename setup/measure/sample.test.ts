import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Benchmark, file } from '../../fixtures/benchmarks/benchmark.ts';
import { temporaryDirectory } from '../lib/temporary.testing.ts';
import { BootError } from '../lib/errors.ts';
import { endSleeps, processesWith, uniqueSleep } from '../lib/processes.testing.ts';
import { waitUntil } from '../lib/wait.ts';
import { deadlineFor, type Iteration, iterate, rawOutput } from './sample.ts';
import { machines, shell, target, toy } from './toys.testing.ts';

const never = new AbortController().signal;
afterEach(endSleeps);

function once(benchmark: Benchmark, signal = never): Promise<Iteration> {
  return iterate(benchmark, benchmark.sizes.smoke, target, machines, signal);
}

test('the commands before a sample run before it, in order, and are not part of it', async () => {
  const log = path.join(temporaryDirectory(), 'log');
  const note = (word: string): string => `echo ${word} >>'${log}'`;
  const benchmark = toy({
    before: () => [shell(`${note('first')}; echo 99`), shell(note('second'), 'client')],
    script: `${note('sample')}; echo 5`,
  });
  const iteration = await once(benchmark);
  expect(readFileSync(log, 'utf8')).toBe('first\nsecond\nsample\n');
  expect(iteration).toMatchObject({ state: 'sampled', value: 5, completed: { stdout: '5\n' } });
});

test.each([
  ['level', 'l1'],
  ['client', 'client'],
] as const)('a command on the %s runs on %s', async (on, machine) => {
  expect(await once(toy({ on, script: 'exit 1' }))).toMatchObject({ error: { machine } });
});

describe('a tool that fails', () => {
  test('gives no sample, even if it printed a number, and its error says what ran where and how it ended', async () => {
    const iteration = await once(toy({ script: 'echo 5; echo no route to host >&2; exit 3' }));
    expect(iteration).toMatchObject({
      state: 'failed',
      error: {
        code: 'NESTBENCH_COMMAND_FAILED',
        kind: 'benchmark',
        machine: 'l1',
        exitCode: 3,
        output: '5\n\nno route to host',
      },
      completed: { stdout: '5\n', exitCode: 3 },
    });
    expect(iteration).toHaveProperty(
      'error.message',
      expect.stringMatching(/^toy failed on l1: "sh -c .* ended with 3/),
    );
  });

  test('gives no sample if a signal ended it', async () => {
    const iteration = await once(toy({ script: 'echo 5; kill -TERM $$' }));
    expect(iteration).toMatchObject({ state: 'failed', error: { code: 'NESTBENCH_COMMAND_FAILED' } });
  });

  test('shows the last 20 lines of a long output', async () => {
    const iteration = await once(toy({ script: 'seq 100; exit 1' }));
    expect(iteration).toHaveProperty('error.output', expect.stringMatching(/^81\n[^]*\n100$/));
  });
});

test('a tool that exits with 0 without a value gives a failure with what it printed', async () => {
  const iteration = await once(toy({ script: 'echo hello; echo hm >&2' }));
  expect(iteration).toMatchObject({
    state: 'failed',
    error: {
      code: 'NESTBENCH_UNPARSABLE_OUTPUT',
      kind: 'benchmark',
      message: 'toy on l1 exited with 0, but printed no value: no number.',
      machine: 'l1',
      output: 'hello\n\nhm',
    },
    completed: { exitCode: 0 },
  });
});

test('if a command before the sample fails, nothing is measured', async () => {
  const measured = path.join(temporaryDirectory(), 'measured');
  const benchmark = toy({ before: () => [shell('exit 1')], script: `touch '${measured}'; echo 5` });
  expect(await once(benchmark)).toMatchObject({
    state: 'failed',
    error: { code: 'NESTBENCH_COMMAND_FAILED', kind: 'benchmark' },
    completed: undefined,
  });
  expect(existsSync(measured)).toBe(false);
});

test('commands get their input', async () => {
  const written = path.join(temporaryDirectory(), 'directory/written');
  const iteration = await once(
    toy({
      before: () => [file('level', written, 'one\ntwo\n', '640')],
      command: () => ({
        on: 'client',
        argv: ['sh', '-c', `cat; stat -c %a '${written}'; cat '${written}'`],
        input: 'in ',
      }),
      parse: (output) => ({ ok: false, reason: output }),
      script: '',
    }),
  );
  expect(iteration.completed?.stdout).toBe('in 640\none\ntwo\n');
});

test('an abort ends the command and is thrown as its reason', async () => {
  const seconds = uniqueSleep();
  const controller = new AbortController();
  const running = once(toy({ script: `sleep ${seconds}; echo 5` }), controller.signal);
  await waitUntil('the sleep', () => processesWith(seconds).length > 0 || undefined, {
    machine: 'host',
    deadlineSeconds: 20,
    intervalMs: 20,
    signal: never,
  });
  const reason = new BootError({ message: 'l1 did not start' });
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(processesWith(seconds)).toEqual([]);
});

test('a command may take many times as long as expected, and never less than two minutes', () => {
  expect(deadlineFor(0.1)).toBe(120);
  expect(deadlineFor(60)).toBe(1200);
});

test('a raw output keeps the command as requested, how it ended, and both streams', async () => {
  const iteration = await once(toy({ script: 'echo 5; echo aside >&2' }));
  const text = iteration.completed && rawOutput(iteration.completed);
  expect(text).toMatch(
    /^\$ sh -c echo 5; echo aside >&2\n# started \d{4}-\d\d-\d\dT[\d:.]+Z, \d+\.\d{3} s, exit 0\n--- stdout\n5\n\n--- stderr\naside\n$/,
  );
});
