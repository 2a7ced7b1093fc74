import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Benchmark, Command, Service } from '../../fixtures/benchmarks/benchmark.ts';
import { type Profile, PROFILES } from '../../fixtures/profiles.ts';
import type { JournalRecord } from '../../fixtures/records.ts';
import { temporaryDirectory } from '../temporary.testing.ts';
import { NestbenchError } from '../errors.ts';
import { Journal } from '../journal.ts';
import { readJournal } from '../journal-reader.ts';
import type { Counters } from '../machine/counters.ts';
import { countersProgram } from '../machine/counters.testing.ts';
import { endSleeps, processesWith, uniqueSleep } from '../machine/processes.testing.ts';
import { failureFields, measureSeries } from './series.ts';
import { bed, counting, shell, target, toy } from './toys.testing.ts';

afterEach(endSleeps);

interface Measurement {
  readonly directory: string;
  /** Where a script keeps its files. */
  readonly scratch: (name: string) => string;
  readonly told: { text: string; fraction: number; secondsLeft: number }[];
  readonly measure: (
    benchmark: Benchmark,
    options?: { profile?: Profile; firstRun?: number; signal?: AbortSignal; counters?: Counters },
  ) => Promise<void>;
  readonly records: () => readonly JournalRecord[];
  /** Of each record, what matters here. */
  readonly story: () => string[];
}

function measurement(): Measurement {
  const directory = temporaryDirectory();
  const journal = new Journal(path.join(directory, 'results'));
  const told: Measurement['told'] = [];
  const records = (): readonly JournalRecord[] => readJournal(journal.directory).records;
  return {
    directory: journal.directory,
    scratch: (name) => path.join(directory, name),
    told,
    records,
    measure: (
      benchmark,
      { profile = PROFILES.quick, firstRun = 1, signal = new AbortController().signal, counters } = {},
    ) =>
      measureSeries({
        cell: 'l1-baseline',
        benchmark,
        profile,
        firstRun,
        journal,
        bed: { ...bed, underTest: target, signal, ...(counters && { counters }) },
        onIteration: (progress) => told.push(progress),
      }),
    story: () => records().map(describeRecord),
  };
}

function noSuchField(): never {
  throw new TypeError('no such field');
}

function describeRecord(record: JournalRecord): string {
  if (record.type === 'series') return `series ${record.run}`;
  if (record.type === 'sample') return `sample ${record.run}.${record.iteration} = ${record.value}`;
  if (record.type === 'stop') return `stop ${record.run}: ${record.reason} with ${record.samples}`;
  if (record.type !== 'failure') return record.type;
  return `failure ${record.run}.${record.iteration ?? '-'} ${record.code.replace('NESTBENCH_', '')}`;
}

/** Prints its own number, the first time 1, and fails where a shell condition on `$n` holds. */
function counter(file: string, failing = 'false'): string {
  return `${counting(file)}; if ${failing}; then echo broken >&2; exit 7; fi; echo $n`;
}

describe('a series that goes well', () => {
  test('is one record of what runs, and one for each sample, in order', async () => {
    const { measure, scratch, story } = measurement();
    await measure(toy({ script: counter(scratch('n')) }));
    expect(story()).toEqual(['series 1', 'sample 1.1 = 1', 'sample 1.2 = 2', 'sample 1.3 = 3']);
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

  test("keeps every sample's raw output beside the journal, where its record says", async () => {
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

  test('numbers its runs from the first that is asked for', async () => {
    const { measure, scratch, story } = measurement();
    const script = counter(scratch('n'));
    await measure(toy({ script, iterations: 2 }), { profile: PROFILES.paper, firstRun: 4 });
    expect(story()).toEqual([
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

  test('takes exactly one sample where one is asked for', async () => {
    const { measure, scratch, story } = measurement();
    await measure(toy({ script: counter(scratch('n')) }), { profile: PROFILES.smoke });
    expect(story()).toEqual(['series 1', 'sample 1.1 = 1']);
    expect(readFileSync(scratch('n'), 'utf8')).toBe('1\n');
  });

  test('tells its progress before each iteration', async () => {
    const { measure, told } = measurement();
    await measure(toy({ script: 'echo 5', iterations: 2 }), { profile: { ...PROFILES.paper, runs: 2 } });
    expect(told.map(({ text, fraction }) => [text, fraction])).toEqual([
      ['toy: iteration 1 of 2, run 1 of 2', 0],
      ['toy: iteration 2 of 2, run 1 of 2', 0.25],
      ['toy: iteration 1 of 2, run 2 of 2', 0.5],
      ['toy: iteration 2 of 2, run 2 of 2', 0.75],
    ]);
    expect(told[0]?.secondsLeft).toBe(4);
    expect(told.every(({ secondsLeft }) => secondsLeft >= 0)).toBe(true);
  });

  test('starts its service first, does what comes before and after each sample, and stops the service last', async () => {
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

  test('starts the service afresh for every run', async () => {
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

describe('a series that a rule ends', () => {
  const paper = { iterations: 12 };
  const sizes = { paper, quick: { iterations: 3 }, smoke: { iterations: 1 } };

  test('takes the least number of samples where they are alike, and says why it ended', async () => {
    const { measure, records, story } = measurement();
    await measure(toy({ script: 'echo 5', sizes }), { profile: PROFILES.adaptive });
    expect(story()).toEqual([
      'series 1',
      ...[1, 2, 3, 4, 5].map((iteration) => `sample 1.${iteration} = 5`),
      'stop 1: target reached with 5',
    ]);
    expect(records()[0]).toMatchObject({
      sizes: { iterations: 12 },
      rule: { kind: 'half-width', target: 0.02, confidence: 0.975, least: 5, most: 12 },
    });
    expect(records().at(-1)).toMatchObject({ cell: 'l1-baseline', benchmark: 'toy', halfWidth: 0 });
  });

  test('goes on while the interval is wide, and ends with the sample that makes it narrow', async () => {
    const { measure, scratch, story, records } = measurement();
    // 104 and 100 in turn: the half-width is 3.34, 2.77, 2.35 and 2.11 % of the mean with 5 to 8 samples, 1.89 with 9.
    const script = `${counting(scratch('n'))}; echo $((100 + 4 * (n % 2)))`;
    await measure(toy({ script, sizes: { ...sizes, paper: { iterations: 40 } } }), {
      profile: PROFILES.adaptive,
    });
    expect(story().filter((line) => line.startsWith('sample'))).toHaveLength(9);
    expect(story().at(-1)).toBe('stop 1: target reached with 9');
    expect(records().at(-1)).toMatchObject({ halfWidth: expect.closeTo(0.0189, 4) });
  });

  test('takes the paper’s number where that is not enough', async () => {
    const { measure, scratch, story } = measurement();
    await measure(toy({ script: counter(scratch('n')), sizes }), { profile: PROFILES.adaptive });
    expect(story()).toHaveLength(14);
    expect(story().at(-1)).toBe('stop 1: most taken with 12');
  });

  test('goes on after a failure, which counts as tried and not as a sample', async () => {
    const { measure, scratch, story } = measurement();
    const script = `${counting(scratch('n'))}; [ $n -eq 2 ] && exit 7; echo 5`;
    const measuring = measure(toy({ script, sizes }), { profile: PROFILES.adaptive });
    await expect(measuring).rejects.toThrow(/ended with 7/);
    expect(story().slice(1)).toEqual([
      'sample 1.1 = 5',
      'failure 1.2 COMMAND_FAILED',
      ...[3, 4, 5, 6].map((iteration) => `sample 1.${iteration} = 5`),
      'stop 1: target reached with 5',
    ]);
  });

  test('has no word of its rule where it was given up', async () => {
    const { measure, records, story } = measurement();
    const measuring = measure(toy({ script: 'exit 7', sizes }), { profile: PROFILES.adaptive });
    await expect(measuring).rejects.toThrow(/ended with 7/);
    expect(story().filter((line) => line.startsWith('stop'))).toEqual([]);
    expect(records().at(-1)).toHaveProperty(
      'message',
      'toy failed 3 times on end in l1-baseline, run 1: the 9 iterations left were not tried.',
    );
  });

  test('ends each of its runs by itself', async () => {
    const { measure, scratch, story } = measurement();
    const script = `${counting(scratch('n'))}; if [ $n -le 5 ]; then echo 5; else echo $n; fi`;
    await measure(toy({ script, sizes }), { profile: { ...PROFILES.adaptive, runs: 2 } });
    expect(story().filter((line) => line.startsWith('stop'))).toEqual([
      'stop 1: target reached with 5',
      'stop 2: most taken with 12',
    ]);
  });

  test('tells how wide its interval is, and how much longer it takes by now', async () => {
    const { measure, scratch, told } = measurement();
    await measure(toy({ script: counter(scratch('n')), sizes }), { profile: PROFILES.adaptive });
    expect(told.map(({ text }) => text)).toEqual([
      'toy: iteration 1 of 5 to 12, interval to be ± 2 %',
      'toy: iteration 2 of 5 to 12, interval to be ± 2 %',
      expect.stringMatching(/^toy: iteration 3 of 5 to 12, interval ± \d+\.\d %, to be 2 %$/),
      ...Array.from({ length: 9 }, () => expect.stringMatching(/interval ± \d+\.\d %, to be 2 %$/)),
    ]);
    const fractions = told.map(({ fraction }) => fraction);
    expect(fractions).toEqual(fractions.map((_, index) => index / 12));
    expect(told[0]?.secondsLeft).toBe(12);
  });
});

describe('a series where L0 is looked at', () => {
  test('has with each sample what was counted during it, and before them what a command that does nothing costs', async () => {
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
    await measure(toy({ script, iterations: 2, before: () => [shell('sleep 0.2')] }), { counters });
    const [, idle, first, second] = records();
    expect(idle).toMatchObject({ type: 'idle', run: 1, l0: { exits: { exits: 0, halt_exits: 0 } } });
    for (const sample of [first, second]) {
      expect(sample).toMatchObject({
        l0: { exits: { exits: 3, halt_exits: 0 }, cpuSeconds: { benchmark: expect.any(Number) } },
      });
    }
    if (first?.type !== 'sample' || second?.type !== 'sample') throw new Error('no two samples');
    expect(first.gapSeconds).toBeUndefined();
    expect(second.beforeSeconds).toBeGreaterThan(0.19);
    // The pause is the benchmark's own, and no part of the gap.
    expect(second.gapSeconds).toBeLessThan(
      (Date.parse(second.started) - Date.parse(first.started)) / 1000 - first.seconds - 0.15,
    );
    expect(first.l0?.seconds).toBeGreaterThanOrEqual(first.seconds - 0.01);
  });

  test('ends, as the infrastructure’s failure, where nobody counts any more', async () => {
    const program = countersProgram();
    program.set('exits', 1);
    const { measure, story } = measurement();
    const counters = await program.connect();
    const measuring = measure(toy({ script: `kill -KILL ${program.process.pid}; echo 5` }), { counters });
    await expect(measuring).rejects.toMatchObject({
      code: 'NESTBENCH_CONNECTION_LOST',
      kind: 'infrastructure',
    });
    expect(story()).toEqual(['series 1', 'idle']);
  });
});

describe('a series in which something fails', () => {
  test('goes on after an iteration that failed, and ends with its error', async () => {
    const { measure, scratch, story } = measurement();
    const measuring = measure(toy({ script: counter(scratch('n'), '[ $n -eq 2 ]') }));
    await expect(measuring).rejects.toMatchObject({ code: 'NESTBENCH_COMMAND_FAILED', kind: 'benchmark' });
    expect(story()).toEqual(['series 1', 'sample 1.1 = 1', 'failure 1.2 COMMAND_FAILED', 'sample 1.3 = 3']);
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

  test('has a failure where the output is no number', async () => {
    const { measure, records } = measurement();
    await expect(measure(toy({ script: 'echo hello', iterations: 1 }))).rejects.toThrow(
      /gave no value: no number/,
    );
    expect(records()[1]).toMatchObject({ code: 'NESTBENCH_UNPARSABLE_OUTPUT', iteration: 1, tail: 'hello' });
  });

  test('is given up after three failures on end, and says how many iterations were not tried', async () => {
    const { measure, scratch, story, records } = measurement();
    await expect(measure(toy({ script: counter(scratch('n'), 'true'), iterations: 10 }))).rejects.toThrow(
      /ended with 7/,
    );
    expect(story()).toEqual([
      'series 1',
      'failure 1.1 COMMAND_FAILED',
      'failure 1.2 COMMAND_FAILED',
      'failure 1.3 COMMAND_FAILED',
      'failure 1.- COMMAND_FAILED',
    ]);
    expect(records().at(-1)).toHaveProperty(
      'message',
      'toy failed 3 times on end in l1-baseline, run 1: the 7 iterations left were not tried.',
    );
    expect(readFileSync(scratch('n'), 'utf8')).toBe('3\n');
  });

  test('is not given up while a sample comes between failures', async () => {
    const { measure, scratch, story } = measurement();
    const script = counter(scratch('n'), '[ $((n % 3)) -ne 0 ]');
    await expect(measure(toy({ script, iterations: 6 }))).rejects.toThrow(/ended with 7/);
    expect(story().filter((line) => line.startsWith('sample'))).toEqual(['sample 1.3 = 3', 'sample 1.6 = 6']);
    expect(story()).toHaveLength(7);
  });

  test('says nothing of iterations left where the third failure was the last iteration', async () => {
    const { measure, story } = measurement();
    await expect(measure(toy({ script: 'exit 1' }))).rejects.toThrow(/ended with 1/);
    expect(story().slice(1)).toEqual([1, 2, 3].map((iteration) => `failure 1.${iteration} COMMAND_FAILED`));
  });

  test('tries the next run after one that was given up', async () => {
    const { measure, scratch, story } = measurement();
    const script = counter(scratch('n'), '[ $n -le 3 ]');
    await expect(
      measure(toy({ script, iterations: 4 }), { profile: { ...PROFILES.paper, runs: 2 } }),
    ).rejects.toThrow(/ended with 7/);
    expect(story().slice(5)).toEqual(['series 2', ...[4, 5, 6, 7].map((n) => `sample 2.${n - 3} = ${n}`)]);
  });
});

describe('a series in which what stands around the samples fails', () => {
  test('goes on after a sample that could not be prepared', async () => {
    const { measure, scratch, story } = measurement();
    const before = (): Command[] => [shell(`${counting(scratch('n'))}; [ $n -ne 2 ]`)];
    const measuring = measure(toy({ before, script: 'echo 5' }));
    await expect(measuring).rejects.toMatchObject({
      kind: 'benchmark',
      message: expect.stringMatching(
        /^What has to be done before or after a sample of toy failed on l1: "sh -c/,
      ),
    });
    expect(story()).toEqual(['series 1', 'sample 1.1 = 5', 'failure 1.2 COMMAND_FAILED', 'sample 1.3 = 5']);
  });

  test('takes no sample that could not be tidied up after, and keeps its output', async () => {
    const { measure, story, records } = measurement();
    const after: Command[] = [shell('exit 1', 'client')];
    const measuring = measure(toy({ after: () => after, script: 'echo 5', iterations: 1 }));
    await expect(measuring).rejects.toMatchObject({ facts: { machine: 'client' } });
    expect(story()).toEqual(['series 1', 'failure 1.1 COMMAND_FAILED']);
    expect(records()[1]).toMatchObject({ output: 'l1-baseline/toy/run-1-iteration-1.txt' });
  });

  test('tidies up after a sample that failed, whose failure it tells', async () => {
    const { measure, scratch } = measurement();
    const after = (): Command[] => [shell(`touch '${scratch('tidied')}'; exit 1`)];
    await expect(measure(toy({ after, script: 'exit 7', iterations: 1 }))).rejects.toThrow(/ended with 7/);
    expect(existsSync(scratch('tidied'))).toBe(true);
  });
});

describe('a series whose service fails', () => {
  test('takes no sample of a service that has ended, though its loader gives one', async () => {
    const { measure, scratch, story } = measurement();
    const service = (): Service => ({
      argv: ['sh', '-c', `touch '${scratch('up')}'; while [ -e '${scratch('up')}' ]; do sleep 0.02; done`],
      ready: shell(`test -e '${scratch('up')}'`, 'client'),
    });
    const script = `${counting(scratch('n'))}; [ $n -eq 2 ] && rm '${scratch('up')}' && sleep 1; echo $n`;
    await expect(measure(toy({ service, script, iterations: 2 }))).rejects.toMatchObject({
      code: 'NESTBENCH_SERVICE_FAILED',
    });
    expect(story()).toEqual(['series 1', 'sample 1.1 = 1', 'failure 1.2 SERVICE_FAILED', 'service']);
  });

  test('has the service’s own words in a failure record of the run, and takes no sample', async () => {
    const { measure, scratch, records, story } = measurement();
    const service: Service = {
      argv: ['sh', '-c', 'echo cannot bind >&2; exit 1'],
      ready: shell('false', 'client'),
    };
    const measuring = measure(
      toy({ service: () => service, script: `touch '${scratch('measured')}'; echo 5` }),
    );
    await expect(measuring).rejects.toMatchObject({ code: 'NESTBENCH_SERVICE_FAILED' });
    expect(story()).toEqual(['series 1', 'failure 1.- SERVICE_FAILED', 'service']);
    expect(records()[1]).toMatchObject({ kind: 'benchmark', machine: 'l1', tail: 'cannot bind\n' });
    expect(existsSync(scratch('measured'))).toBe(false);
  });

  test('keeps the samples taken before its service died', async () => {
    const { measure, scratch, story } = measurement();
    // The service ends at the second iteration, whose client then fails as a real one would.
    const service = (): Service => ({
      argv: ['sh', '-c', `touch '${scratch('up')}'; while [ -e '${scratch('up')}' ]; do sleep 0.05; done`],
      ready: shell(`test -e '${scratch('up')}'`, 'client'),
    });
    const script = `${counting(scratch('n'))}; [ $n -eq 2 ] && rm '${scratch('up')}'; test -e '${scratch('up')}' && echo $n`;
    await expect(measure(toy({ service, script, iterations: 9 }))).rejects.toThrow(/ended with 1/);
    expect(story()).toEqual([
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

test('a service is asked for with the sizes, the level under test, and a password of the run’s own', async () => {
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

test('a series says which program makes its load, where there are several', async () => {
  const { measure, records } = measurement();
  await measure(toy({ script: 'echo 5', iterations: 1 }));
  await measure(toy({ script: 'echo 5', iterations: 1, loader: 'another' }), { firstRun: 2 });
  const series = records().filter((record) => record.type === 'series');
  expect(series.map(({ loader }) => loader)).toEqual([undefined, 'another']);
});

describe('a series that can go on no longer', () => {
  test.each([
    ['0', 0],
    ['NaN', Number.NaN],
    ['negative', -1],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('ends where a benchmark’s own parser gives a value that is %s', async (_name, value) => {
    const { measure, story } = measurement();
    const measuring = measure(toy({ parse: () => ({ ok: true, value }), script: 'echo 5' }));
    await expect(measuring).rejects.toThrow(/value/);
    expect(story()).toEqual(['series 1']);
  });

  test('ends where a benchmark’s own parser throws', async () => {
    const { measure, story } = measurement();
    await expect(measure(toy({ parse: noSuchField, script: 'echo 5' }))).rejects.toThrow('no such field');
    expect(story()).toEqual(['series 1']);
  });

  test('keeps every sample it took where it is aborted, and leaves nothing running', async () => {
    const { measure, scratch, story } = measurement();
    const [serving, working] = [uniqueSleep(), uniqueSleep()];
    const controller = new AbortController();
    const measuring = measure(
      toy({
        service: () => ({ argv: ['sleep', serving], ready: shell('true', 'client') }),
        script: `${counting(scratch('n'))}; [ $n -eq 2 ] && sleep ${working}; echo $n`,
      }),
      { signal: controller.signal },
    );
    const reason = new NestbenchError('NESTBENCH_GUEST_PANICKED', 'infrastructure', 'l1 panicked');
    const failure = measuring.catch((error: unknown) => error);
    const began = (): string => (existsSync(scratch('n')) ? readFileSync(scratch('n'), 'utf8') : '');
    await expect.poll(began, { timeout: 20_000 }).toBe('2\n');
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(story()).toEqual(['series 1', 'sample 1.1 = 1']);
    expect([...processesWith(serving), ...processesWith(working)]).toEqual([]);
  });

  test('takes no sample where it was aborted before', async () => {
    const { measure, scratch } = measurement();
    const reason = new NestbenchError('NESTBENCH_ABORTED', 'infrastructure', 'stopped');
    const measuring = measure(toy({ script: counter(scratch('n')) }), { signal: AbortSignal.abort(reason) });
    await expect(measuring).rejects.toBe(reason);
    expect(existsSync(scratch('n'))).toBe(false);
  });
});

test('an error’s facts become the fields of a failure record, and only those that are there', () => {
  const bare = new NestbenchError('NESTBENCH_DEADLINE', 'infrastructure', 'too slow');
  expect(failureFields(bare)).toEqual({
    kind: 'infrastructure',
    code: 'NESTBENCH_DEADLINE',
    message: 'too slow',
  });
  const told = new NestbenchError('NESTBENCH_GUEST_DIED', 'infrastructure', 'gone', {
    machine: 'l2',
    output: 'oops',
  });
  expect(failureFields(told)).toMatchObject({ machine: 'l2', tail: 'oops' });
});
