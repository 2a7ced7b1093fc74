import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Command, Service } from '../../fixtures/benchmarks/benchmark.ts';
import { PROFILES } from '../../fixtures/profiles.ts';
import { AbortedError, BootError } from '../lib/errors.ts';
import { Counters } from '../machine/counters.ts';
import { reportsOfClock } from '../machine/incidents.testing.ts';
import { TestEndedError } from './measure-errors.ts';
import { processesWith, uniqueSleep } from '../lib/processes.testing.ts';
import { counting, shell, toy } from './toys.testing.ts';
import { counter, measurement, noSuchField } from './measurement.testing.ts';

describe('a series in which something fails', () => {
  test('continues after a failed iteration, and ends with its error', async () => {
    const { measure, scratch, summary } = measurement();
    const measuring = measure(toy({ script: counter(scratch('n'), '[ $n -eq 2 ]') }));
    await expect(measuring).rejects.toMatchObject({ code: 'NESTBENCH_COMMAND_FAILED', kind: 'benchmark' });
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 1', 'failure 1.2 COMMAND_FAILED', 'sample 1.3 = 3']);
  });

  test('reports each failure at once: if its stack is lost later, it throws only the loss', async () => {
    const { measure, scratch, failures } = measurement();
    const stack = new AbortController();
    const loss = new BootError({ message: 'lost', machine: 'l1' });
    const script = counter(scratch('n'), '[ $n -eq 1 ]');
    const measuring = measure(
      toy({
        script,
        command: () => shell(script),
        before: () => {
          if (existsSync(scratch('n'))) stack.abort(loss);
          return [];
        },
      }),
      { signal: stack.signal },
    );
    await expect(measuring).rejects.toThrow('lost');
    expect(failures).toEqual([expect.objectContaining({ code: 'NESTBENCH_COMMAND_FAILED' })]);
  });

  test('is not the benchmark’s if a clock was set: that is the loss of its stack', async () => {
    const { measure, summary, failures } = measurement();
    const incidents = [reportsOfClock(1000, 1000, 4600)];
    await expect(measure(toy({ script: 'echo 1' }), { incidents })).rejects.toThrow('set 3600.00 s ahead');
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 1', 'failure 1.2 CLOCK_WRONG']);
    expect(failures).toEqual([]);
  });

  test('has in the failure record where it was, how the tool ended, and its output', async () => {
    const { measure, scratch, records, directory } = measurement();
    await expect(measure(toy({ script: counter(scratch('n'), 'true'), iterations: 1 }))).rejects.toThrow(
      /ended with 7/,
    );
    const output = 'l1-baseline/toy/run-1-iteration-1.txt';
    expect(records()[1]).toMatchObject({
      type: 'failure',
      cell: 'l1-baseline',
      benchmark: 'toy',
      run: 1,
      iteration: 1,
      kind: 'benchmark',
      machine: 'l1',
      message: expect.stringContaining('ended with 7'),
      tail: 'broken',
      output,
    });
    expect(readFileSync(path.join(directory, output), 'utf8')).toContain('exit 7');
  });

  test('has a failure if the output is not a number', async () => {
    const { measure, records } = measurement();
    await expect(measure(toy({ script: 'echo hello', iterations: 1 }))).rejects.toThrow(
      /printed no value: no number/,
    );
    expect(records()[1]).toMatchObject({ code: 'NESTBENCH_UNPARSABLE_OUTPUT', iteration: 1, tail: 'hello' });
  });

  test('is given up after three failures in a row, and says how many iterations were not tried', async () => {
    const { measure, scratch, summary, records } = measurement();
    await expect(measure(toy({ script: counter(scratch('n'), 'true'), iterations: 10 }))).rejects.toThrow(
      /ended with 7/,
    );
    expect(summary()).toEqual([
      'series 1',
      'failure 1.1 COMMAND_FAILED',
      'failure 1.2 COMMAND_FAILED',
      'failure 1.3 COMMAND_FAILED',
      'failure 1.- COMMAND_FAILED',
    ]);
    expect(records().at(-1)).toHaveProperty(
      'message',
      'toy failed 3 times in a row in l1-baseline, run 1, so its remaining 7 iterations were not tried.',
    );
    expect(readFileSync(scratch('n'), 'utf8')).toBe('3\n');
  });

  test('is not given up if a sample comes between failures', async () => {
    const { measure, scratch, summary } = measurement();
    const script = counter(scratch('n'), '[ $((n % 3)) -ne 0 ]');
    await expect(measure(toy({ script, iterations: 6 }))).rejects.toThrow(/ended with 7/);
    expect(summary().filter((line) => line.startsWith('sample'))).toEqual([
      'sample 1.3 = 3',
      'sample 1.6 = 6',
    ]);
    expect(summary()).toHaveLength(7);
  });

  test('does not mention iterations left if the third failure was the last iteration', async () => {
    const { measure, summary } = measurement();
    await expect(measure(toy({ script: 'exit 1' }))).rejects.toThrow(/ended with 1/);
    expect(summary().slice(1)).toEqual([1, 2, 3].map((iteration) => `failure 1.${iteration} COMMAND_FAILED`));
  });

  test('tries the next run after one that was given up', async () => {
    const { measure, scratch, summary } = measurement();
    const script = counter(scratch('n'), '[ $n -le 3 ]');
    await expect(
      measure(toy({ script, iterations: 4 }), { profile: { ...PROFILES.paper, runs: 2 } }),
    ).rejects.toThrow(/ended with 7/);
    expect(summary().slice(5)).toEqual(['series 2', ...[4, 5, 6, 7].map((n) => `sample 2.${n - 3} = ${n}`)]);
  });
});

describe('a series in which a command around the samples fails', () => {
  test('continues after a sample that could not be prepared', async () => {
    const { measure, scratch, summary } = measurement();
    const before = (): Command[] => [shell(`${counting(scratch('n'))}; [ $n -ne 2 ]`)];
    const measuring = measure(toy({ before, script: 'echo 5' }));
    await expect(measuring).rejects.toMatchObject({
      kind: 'benchmark',
      message: expect.stringMatching(/^A command before or after a sample of toy failed on l1: "sh -c/),
    });
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 5', 'failure 1.2 COMMAND_FAILED', 'sample 1.3 = 5']);
  });

  test('takes no sample without its clean-up, and keeps its output', async () => {
    const { measure, summary, records } = measurement();
    const after: Command[] = [shell('exit 1', 'client')];
    const measuring = measure(toy({ after: () => after, script: 'echo 5', iterations: 1 }));
    await expect(measuring).rejects.toMatchObject({ machine: 'client' });
    expect(summary()).toEqual(['series 1', 'failure 1.1 COMMAND_FAILED']);
    expect(records()[1]).toMatchObject({ output: 'l1-baseline/toy/run-1-iteration-1.txt' });
  });

  test('cleans up after a failed sample, and reports the failure of the sample', async () => {
    const { measure, scratch } = measurement();
    const after = (): Command[] => [shell(`touch '${scratch('tidied')}'; exit 1`)];
    await expect(measure(toy({ after, script: 'exit 7', iterations: 1 }))).rejects.toThrow(/ended with 7/);
    expect(existsSync(scratch('tidied'))).toBe(true);
  });
});

describe('a series whose service fails', () => {
  test('takes no sample after its service has ended, even if its loader prints one', async () => {
    const { measure, scratch, summary } = measurement();
    const service = (): Service => ({
      argv: ['sh', '-c', `touch '${scratch('up')}'; while [ -e '${scratch('up')}' ]; do sleep 0.02; done`],
      ready: shell(`test -e '${scratch('up')}'`, 'client'),
    });
    const script = `${counting(scratch('n'))}; [ $n -eq 2 ] && rm '${scratch('up')}' && sleep 1; echo $n`;
    await expect(measure(toy({ service, script, iterations: 2 }))).rejects.toMatchObject({
      code: 'NESTBENCH_SERVICE_FAILED',
    });
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 1', 'failure 1.2 SERVICE_FAILED', 'service']);
  });

  test('has the service’s own output in a failure record of the run, and takes no sample', async () => {
    const { measure, scratch, records, summary } = measurement();
    const service: Service = {
      argv: ['sh', '-c', 'echo cannot bind >&2; exit 1'],
      ready: shell('false', 'client'),
    };
    const measuring = measure(
      toy({ service: () => service, script: `touch '${scratch('measured')}'; echo 5` }),
    );
    await expect(measuring).rejects.toMatchObject({ code: 'NESTBENCH_SERVICE_FAILED' });
    expect(summary()).toEqual(['series 1', 'failure 1.- SERVICE_FAILED', 'service']);
    expect(records()[1]).toMatchObject({ kind: 'benchmark', machine: 'l1', tail: 'cannot bind\n' });
    expect(existsSync(scratch('measured'))).toBe(false);
  });

  test('keeps the samples taken before its service died', async () => {
    const { measure, scratch, summary } = measurement();
    // The service ends at the second iteration, whose client then fails like a real one.
    const service = (): Service => ({
      argv: ['sh', '-c', `touch '${scratch('up')}'; while [ -e '${scratch('up')}' ]; do sleep 0.05; done`],
      ready: shell(`test -e '${scratch('up')}'`, 'client'),
    });
    const script = `${counting(scratch('n'))}; [ $n -eq 2 ] && rm '${scratch('up')}'; test -e '${scratch('up')}' && echo $n`;
    await expect(measure(toy({ service, script, iterations: 9 }))).rejects.toThrow(/ended with 1/);
    expect(summary()).toEqual([
      'series 1',
      'sample 1.1 = 1',
      'failure 1.2 COMMAND_FAILED',
      'failure 1.3 COMMAND_FAILED',
      'failure 1.4 COMMAND_FAILED',
      'failure 1.- COMMAND_FAILED',
      'service',
    ]);
  });
});

describe('a series that can’t continue', () => {
  test.each([
    ['0', 0],
    ['NaN', Number.NaN],
    ['negative', -1],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('ends if a benchmark’s own parser returns a value that is %s', async (_name, value) => {
    const { measure, summary } = measurement();
    const measuring = measure(toy({ parse: () => ({ ok: true, value }), script: 'echo 5' }));
    await expect(measuring).rejects.toThrow(/value/);
    expect(summary()).toEqual(['series 1']);
  });

  test('ends if a benchmark’s own parser throws', async () => {
    const { measure, summary } = measurement();
    await expect(measure(toy({ parse: noSuchField, script: 'echo 5' }))).rejects.toThrow('no such field');
    expect(summary()).toEqual(['series 1']);
  });

  test('keeps every sample it took before it was aborted, and leaves nothing running', async () => {
    const { measure, scratch, summary } = measurement();
    const [serving, working] = [uniqueSleep(), uniqueSleep()];
    const controller = new AbortController();
    const measuring = measure(
      toy({
        service: () => ({ argv: ['sleep', serving], ready: shell('true', 'client') }),
        script: `${counting(scratch('n'))}; [ $n -eq 2 ] && sleep ${working}; echo $n`,
      }),
      { signal: controller.signal },
    );
    const reason = new BootError({ message: 'l1 did not start' });
    const failure = measuring.catch((error: unknown) => error);
    const began = (): string => (existsSync(scratch('n')) ? readFileSync(scratch('n'), 'utf8') : '');
    await expect.poll(began, { timeout: 20_000 }).toBe('2\n');
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 1']);
    expect([...processesWith(serving), ...processesWith(working)]).toEqual([]);
  });

  test('is a failure of the benchmark if its test ended, and no other run begins', async () => {
    const { measure, scratch, summary } = measurement();
    const controller = new AbortController();
    const script = `${counting(scratch('n'))}; [ $n -eq 2 ] && sleep ${uniqueSleep()}; echo $n`;
    const measuring = measure(toy({ script }), {
      until: controller.signal,
      profile: { ...PROFILES.quick, runs: 2 },
    });
    const failure = measuring.catch((error: unknown) => error);
    const began = (): string => (existsSync(scratch('n')) ? readFileSync(scratch('n'), 'utf8') : '');
    await expect.poll(began, { timeout: 20_000 }).toBe('2\n');
    const reason = new TestEndedError({ message: 'its test ended' });
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 1', 'failure 1.- ABORTED']);
  });

  test('keeps no sample that completes after the abort', async () => {
    const { measure, summary } = measurement();
    const controller = new AbortController();
    const parse = (): { ok: true; value: number } => {
      controller.abort(new TestEndedError({ message: 'its test ended' }));
      return { ok: true, value: 5 };
    };
    const measuring = measure(toy({ script: 'echo 5', parse }), { until: controller.signal });
    await expect(measuring).rejects.toThrow('its test ended');
    expect(summary()).toEqual(['series 1', 'failure 1.- ABORTED']);
  });

  const MOVED = ['dvh_timer_writes', 'dvh_timer_irqs', 'dvh_injections', 'dvh_eois'];

  test.each([
    [MOVED, ['series 1', 'sample 1.1 = 5', 'failure 1.- ABORTED', 'proof']],
    [MOVED.slice(1), ['series 1', 'sample 1.1 = 5', 'failure 1.- ABORTED', 'failure 1.- DVH_UNPROVEN']],
  ])('needs the proof of DVH for its samples so far: with %j moving it has %j', async (moving, expected) => {
    const { measure, summary } = measurement();
    const controller = new AbortController();
    let parsed = 0;
    const parse = (): { ok: true; value: number } => {
      if (++parsed === 2) controller.abort(new TestEndedError({ message: 'its test ended' }));
      return { ok: true, value: 5 };
    };
    using counters = countersOf(moving);
    const measuring = measure(toy({ script: 'echo 5', parse }), {
      until: controller.signal,
      counters,
      mechanisms: ['timer'],
    });
    await expect(measuring).rejects.toThrow('its test ended');
    expect(summary()).toEqual(expected);
  });

  test('takes no sample if it was aborted before', async () => {
    const { measure, scratch } = measurement();
    const reason = new AbortedError({ message: 'stopped' });
    const measuring = measure(toy({ script: counter(scratch('n')) }), { signal: AbortSignal.abort(reason) });
    await expect(measuring).rejects.toBe(reason);
    expect(existsSync(scratch('n'))).toBe(false);
  });
});

/** Counters of which some grow with each reading. */
function countersOf(moving: readonly string[]): Counters {
  const [ours, theirs] = duplexPair();
  let readings = 0;
  theirs.on('data', (request: Buffer) => {
    readings++;
    const names = request.toString().trim().split(' ');
    const kvm = Object.fromEntries(names.map((name) => [name, moving.includes(name) ? readings : 0]));
    theirs.write(`${JSON.stringify({ nanoseconds: readings, kvm, processes: [] })}\n`);
  });
  return new Counters('l0', ours);
}
