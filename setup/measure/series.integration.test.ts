import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Benchmark, Service } from '../../fixtures/benchmarks/benchmark.ts';
import { PROFILES } from '../../fixtures/profiles.ts';
import { BootError, DeadlineError } from '../lib/errors.ts';
import { countersProgram } from '../machine/counters.testing.ts';
import { processesWith, uniqueSleep } from '../lib/processes.testing.ts';
import { wholeRun } from '../run/work-left.ts';
import { failureFields } from './series.ts';
import { counting, shell, toy } from './toys.testing.ts';
import { counter, measurement } from './measurement.testing.ts';

describe('a successful series', () => {
  test('is one record of what runs, and one for each sample, in order', async () => {
    const { measure, scratch, summary } = measurement();
    await measure(toy({ script: counter(scratch('n')) }));
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 1', 'sample 1.2 = 2', 'sample 1.3 = 3']);
  });

  test('says what it is about to run before it runs', async () => {
    const { measure, records } = measurement();
    const script = 'echo 5';
    await measure(toy({ script, iterations: 1, on: 'client', better: 'higher', unit: 'requests/s' }));
    expect(records()[0]).toMatchObject({
      type: 'series',
      cell: 'l1-baseline',
      benchmark: 'toy',
      run: 1,
      unit: 'requests/s',
      better: 'higher',
      sizes: { iterations: 1 },
      on: 'client',
      argv: ['sh', '-c', script],
    });
  });

  test("keeps every sample's raw output next to the journal, where its record says", async () => {
    const { measure, scratch, records, directory } = measurement();
    await measure(toy({ script: counter(scratch('n')), iterations: 2 }));
    const outputs = records().flatMap((record) => (record.type === 'sample' ? record.output : []));
    expect(outputs).toEqual([
      'l1-baseline/toy/run-1-iteration-1.txt',
      'l1-baseline/toy/run-1-iteration-2.txt',
    ]);
    const texts = outputs.map((output) => readFileSync(path.join(directory, output), 'utf8'));
    expect(texts).toEqual([expect.stringContaining('\n1\n'), expect.stringContaining('\n2\n')]);
  });

  test('has each sample in the journal before the next is taken', async () => {
    const { measure, scratch, directory, records } = measurement();
    const journal = path.join(directory, 'journal.ndjson');
    await measure(toy({ script: `grep -c '"type":"sample"' '${journal}' >>'${scratch('seen')}'; echo 5` }));
    expect(readFileSync(scratch('seen'), 'utf8')).toBe('0\n1\n2\n');
    expect(records()).toHaveLength(4);
  });

  test('takes only what is missing of a run that was cut off, and names what it continues', async () => {
    const { measure, scratch, records, summary, progress } = measurement();
    const continues = '2026-11-23T00:41:00.000Z';
    const work = [{ run: 2, done: new Set([1, 3]), values: [7, 8], continues }, wholeRun(3)];
    await measure(toy({ script: counter(scratch('n')), iterations: 4 }), { work, boot: 'b' });
    expect(summary()).toEqual([
      'series 2',
      'sample 2.2 = 1',
      'sample 2.4 = 2',
      'series 3',
      ...[1, 2, 3, 4].map((iteration) => `sample 3.${iteration} = ${iteration + 2}`),
    ]);
    expect(records()[0]).toMatchObject({ continues, boot: 'b' });
    expect(records().every((record) => 'boot' in record && record.boot === 'b')).toBe(true);
    expect(progress[0]?.text).toBe('toy: iteration 2 of 4, run 1 of 2');
  });

  test('numbers its runs from the first one requested', async () => {
    const { measure, scratch, summary } = measurement();
    const script = counter(scratch('n'));
    await measure(toy({ script, iterations: 2 }), { profile: PROFILES.paper, firstRun: 4 });
    expect(summary()).toEqual([
      'series 4',
      'sample 4.1 = 1',
      'sample 4.2 = 2',
      'series 5',
      'sample 5.1 = 3',
      'sample 5.2 = 4',
      'series 6',
      'sample 6.1 = 5',
      'sample 6.2 = 6',
    ]);
  });

  test('takes exactly one sample on request', async () => {
    const { measure, scratch, summary } = measurement();
    await measure(toy({ script: counter(scratch('n')) }), { profile: PROFILES.smoke });
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 1']);
    expect(readFileSync(scratch('n'), 'utf8')).toBe('1\n');
  });

  test('reports its progress before each iteration', async () => {
    const { measure, progress } = measurement();
    await measure(toy({ script: 'echo 5', iterations: 2 }), { profile: { ...PROFILES.paper, runs: 2 } });
    expect(progress.map(({ text, fraction }) => [text, fraction])).toEqual([
      ['toy: iteration 1 of 2, run 1 of 2', 0],
      ['toy: iteration 2 of 2, run 1 of 2', 0.25],
      ['toy: iteration 1 of 2, run 2 of 2', 0.5],
      ['toy: iteration 2 of 2, run 2 of 2', 0.75],
    ]);
    expect(progress[0]?.secondsLeft).toBe(4);
    expect(progress.every(({ secondsLeft }) => secondsLeft >= 0)).toBe(true);
  });

  test('starts its service first, runs the commands before and after each sample, and stops the service last', async () => {
    const { measure, scratch } = measurement();
    const note = (word: string): string => `echo ${word} >>'${scratch('log')}'`;
    const serving = `trap "${note('stopped')}; exit" TERM; ${note('started')}; while :; do sleep 0.05; done`;
    await measure(
      toy({
        iterations: 2,
        service: () => ({
          argv: ['sh', '-c', serving],
          ready: shell(`grep -q started '${scratch('log')}'`, 'client'),
          after: [shell(note('tidied'))],
        }),
        before: () => [shell(note('before'))],
        script: `${note('sample')}; echo 5`,
        after: () => [shell(note('after'), 'client')],
      }),
    );
    expect(readFileSync(scratch('log'), 'utf8').trim().split('\n')).toEqual([
      'started',
      'before',
      'sample',
      'after',
      'before',
      'sample',
      'after',
      'stopped',
      'tidied',
    ]);
  });

  test('restarts a service that asks for it between iterations, as part of what comes before a sample', async () => {
    const { measure, scratch, records } = measurement();
    const [starts, up] = [scratch('starts'), scratch('up')];
    const service = (): Service => ({
      argv: ['sh', '-c', `${counting(starts)}; touch '${up}'; exec sleep ${uniqueSleep()}`],
      ready: shell(`rm '${up}'`, 'client'),
      restarts: true,
    });
    await measure(toy({ service, iterations: 3, script: `cat '${starts}'` }));
    const samples = records().filter((record) => record.type === 'sample');
    expect(samples.map(({ value }) => value)).toEqual([1, 2, 3]);
    const [first = 0, second] = samples.map(({ beforeSeconds }) => beforeSeconds);
    expect(second).toBeGreaterThan(first);
  });

  test('a service that does not come back costs its iteration, and is tried again', async () => {
    const { measure, scratch, summary } = measurement();
    const [starts, up] = [scratch('starts'), scratch('up')];
    const service = (): Service => ({
      argv: [
        'sh',
        '-c',
        `${counting(starts)}; [ $n -ne 2 ] || exit 1; touch '${up}'; exec sleep ${uniqueSleep()}`,
      ],
      ready: shell(`rm '${up}'`, 'client'),
      restarts: true,
    });
    await expect(measure(toy({ service, iterations: 3, script: `cat '${starts}'` }))).rejects.toMatchObject({
      code: 'NESTBENCH_SERVICE_FAILED',
    });
    expect(summary()).toEqual([
      'series 1',
      'sample 1.1 = 1',
      'failure 1.2 SERVICE_FAILED',
      'sample 1.3 = 3',
      'service',
    ]);
  });

  test('a tool that prints without end is a failure of each of its iterations', async () => {
    const { measure, summary, failures } = measurement();
    await expect(measure(toy({ iterations: 2, script: 'exec yes' }))).rejects.toThrow(
      /^On \w+, "sh -c "exec yes"" printed more than 64 million characters, so it was ended\.$/,
    );
    expect(summary()).toEqual(['series 1', 'failure 1.1 COMMAND_FAILED', 'failure 1.2 COMMAND_FAILED']);
    expect(failures).toHaveLength(2);
  });

  test('starts the service again for every run', async () => {
    const { measure, scratch } = measurement();
    const seconds = uniqueSleep();
    const service = (): Service => ({
      argv: ['sh', '-c', `echo started >>'${scratch('log')}'; exec sleep ${seconds}`],
      ready: shell('true', 'client'),
    });
    await measure(toy({ service, iterations: 1, script: 'sleep 0.2; echo 5' }), { profile: PROFILES.paper });
    expect(readFileSync(scratch('log'), 'utf8')).toBe('started\n'.repeat(3));
    expect(processesWith(seconds)).toEqual([]);
  });
});

describe('a series with counters on L0', () => {
  test('has with each sample what was counted during it, and after them the cost of a command that does nothing', async () => {
    const program = countersProgram();
    const set = (exits: number): void => {
      program.set('exits', exits);
      program.set('halt_exits', 1);
    };
    set(10);
    const { measure, records, scratch } = measurement();
    const counters = await program.connect();
    const file = path.join(path.dirname(program.socket), 'kvm', 'exits');
    const script = `${counting(scratch('n'))}; echo $(($(cat '${file}') + 3)) >'${file}'; echo $n`;
    const pause = `date +%s%N >>'${scratch('pauses')}'; sleep 0.2; date +%s%N >>'${scratch('pauses')}'`;
    await measure(toy({ script, iterations: 2, before: () => [shell(pause)] }), { counters });
    const [, first, second, idle] = records();
    expect(idle).toMatchObject({ type: 'idle', run: 1, l0: { exits: { exits: 0, halt_exits: 0 } } });
    for (const sample of [first, second]) {
      expect(sample).toMatchObject({
        l0: { exits: { exits: 3, halt_exits: 0 }, cpuSeconds: { benchmark: expect.any(Number) } },
      });
    }
    if (first?.type !== 'sample' || second?.type !== 'sample') throw new Error('no two samples');
    expect(first.gapSeconds).toBeUndefined();
    const pauses = readFileSync(scratch('pauses'), 'utf8').split('\n').map(Number);
    const pauseSeconds = ((pauses[3] ?? 0) - (pauses[2] ?? 0)) / 1e9;
    expect(second.beforeSeconds).toBeGreaterThanOrEqual(pauseSeconds);
    // The pause is the benchmark's own, and no part of the gap. Each start is a whole millisecond.
    expect(second.gapSeconds).toBeLessThanOrEqual(
      (Date.parse(second.started) - Date.parse(first.started)) / 1000 - first.seconds - pauseSeconds + 0.002,
    );
    expect(first.l0?.seconds).toBeGreaterThanOrEqual(first.seconds - 0.01);
  });

  test('ends as an infrastructure failure when the counters end', async () => {
    const program = countersProgram();
    program.set('exits', 1);
    const { measure, summary } = measurement();
    const counters = await program.connect();
    const measuring = measure(toy({ script: `kill -KILL ${program.process.pid}; echo 5` }), { counters });
    await expect(measuring).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      kind: 'infrastructure',
    });
    expect(summary()).toEqual(['series 1']);
  });
});

describe('a series with direct virtual hardware', () => {
  const COUNTERS = ['dvh_timer_writes', 'dvh_timer_irqs', 'dvh_injections', 'dvh_eois'];

  async function measured(moving: readonly string[]) {
    const program = countersProgram();
    for (const name of ['exits', ...COUNTERS]) program.set(name, 7);
    const directory = path.join(path.dirname(program.socket), 'kvm');
    const script = `cd '${directory}'; for each in ${moving.join(' ')}; do echo 9 >$each; done; echo 5`;
    const counters = await program.connect();
    const { measure, summary, records } = measurement();
    const failure: unknown = await measure(toy({ script, iterations: 2 }), {
      counters,
      mechanisms: ['timer'],
    }).catch((error: unknown) => error);
    return { failure, summary, records };
  }

  test('counts if L0 handled what the level under test did', async () => {
    const { failure, summary, records } = await measured(COUNTERS);
    expect(failure).toBeUndefined();
    expect(summary()).toEqual(['series 1', 'sample 1.1 = 5', 'sample 1.2 = 5', 'proof', 'idle']);
    expect(records()[0]).toMatchObject({ proof: 'needed' });
    const counters = Object.fromEntries(COUNTERS.map((name) => [name, 2]));
    expect(records()[3]).toMatchObject({ type: 'proof', run: 1, counters });
  });

  test('is void if it did not', async () => {
    const { failure, records } = await measured(COUNTERS.filter((name) => name !== 'dvh_eois'));
    expect(failure).toMatchObject({ code: 'NESTBENCH_DVH_UNPROVEN', kind: 'benchmark' });
    expect(records().at(-1)).toMatchObject({
      type: 'failure',
      run: 1,
      voids: true,
      message: expect.stringContaining('its KVM counted dvh_eois 7 before and 7 after'),
    });
  });
});

test('a service gets the sizes, the level under test, and a password for this run', async () => {
  const { measure, records } = measurement();
  const passwords: string[] = [];
  const service: Benchmark['service'] = (sizes, { address, cpus }, password) => {
    passwords.push(password);
    expect([sizes, address, cpus]).toEqual([{ iterations: 1 }, '127.0.0.1', 2]);
    return {
      before: [{ on: 'level', argv: ['grep', '-qx', password.slice(0, 8)], input: password.slice(0, 8) }],
      argv: ['sleep', uniqueSleep()],
      ready: shell('true', 'client'),
    };
  };
  await measure(toy({ service, script: 'echo 5', iterations: 1 }), { profile: PROFILES.paper });
  expect(passwords).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^[0-9a-f]{32}$/)));
  expect(new Set(passwords).size).toBe(3);
  for (const password of passwords) expect(JSON.stringify(records())).not.toContain(password);
});

test('a series records its load generator, if there are several', async () => {
  const { measure, records } = measurement();
  await measure(toy({ script: 'echo 5', iterations: 1 }));
  await measure(toy({ script: 'echo 5', iterations: 1, loader: 'another' }), { firstRun: 2 });
  const series = records().filter((record) => record.type === 'series');
  expect(series.map(({ loader }) => loader)).toEqual([undefined, 'another']);
});

test('an error’s facts become the fields of a failure record, without absent ones', () => {
  const bare = new DeadlineError({ message: 'too slow' });
  expect(failureFields(bare)).toEqual({
    kind: 'infrastructure',
    code: 'NESTBENCH_DEADLINE',
    message: 'too slow',
  });
  const facts = { machine: 'l2', output: 'oops', seconds: 3, argv: ['true'], exitCode: 1 };
  expect(failureFields(new BootError({ message: 'gone', ...facts, cause: new Error('inner') }))).toEqual({
    kind: 'infrastructure',
    code: 'NESTBENCH_BOOT_FAILED',
    message: 'gone',
    machine: 'l2',
    tail: 'oops',
  });
});
