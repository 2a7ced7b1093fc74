import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type BisectFile, bisectFile, type BisectPlan } from '../../fixtures/kernel-steps.ts';
import { explained } from '../../reporters/analysis/kernel-changes.ts';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { Repository } from './commits.ts';
import {
  commit as commitTo,
  costing,
  git,
  programs,
  repository,
  type TinyCommit,
} from './programs.testing.ts';
import { assertOrder, bisect } from './run-bisect.ts';
import { readSteps, StepsFile } from './steps-file.ts';

const never = new AbortController().signal;

/** By level, as a kernel whose L2 is dearer than its L1. */
function levels(l1: number, l2: number): string {
  return `case $1 in l1-*) echo hypercall ${l1};; *) echo hypercall ${l2};; esac\n`;
}

/** A line of commits, each as the one before it unless `changes` has another kernel; one after `!` is only this commit's. */
function line(length: number, first: string, changes: Readonly<Record<number, string>>): TinyCommit[] {
  let kernel = first;
  return Array.from({ length }, (_, index) => {
    const changed = changes[index] ?? kernel;
    if (changed.startsWith('!')) return { subject: `change ${index}`, kernel: changed.slice(1) };
    kernel = changed;
    return { subject: `change ${index}`, kernel };
  });
}

interface Options {
  readonly plan?: Partial<BisectPlan>;
}

function setUp(commits: readonly TinyCommit[], { plan = {} }: Options = {}) {
  const place = temporaryDirectory();
  const directory = path.join(place, 'linux');
  const shas = repository(directory, commits);
  return { shas, directory, ...bisecting(place, directory, shas[0] ?? '', shas.at(-1) ?? '', plan) };
}

function bisecting(
  place: string,
  directory: string,
  good: string,
  bad: string,
  plan: Partial<BisectPlan> = {},
) {
  const content: BisectFile = {
    kind: 'bisect',
    plan: {
      repository: directory,
      suite: 'trixie',
      good: { name: 'good', commit: good },
      bad: { name: 'bad', commit: bad },
      cell: 'l2-baseline',
      benchmarks: ['hypercall'],
      any: false,
      threshold: 0.01,
      ...plan,
    },
    startedAt: '2026-01-01T00:00:00.000Z',
    steps: [],
  };
  const file = path.join(place, 'bisect.json');
  const programLog = path.join(place, 'programs.log');
  const lines: string[] = [];
  const run = (initial: BisectFile = content): Promise<BisectFile> =>
    bisect({
      state: new StepsFile(file, initial),
      repository: new Repository(directory, never),
      work: programs(directory, place, programLog),
      log: (text) => void lines.push(text),
    });
  const started = (): string[] => readFileSync(programLog, 'utf8').trim().split('\n');
  return { file, run, lines, started };
}

/** Without what differs from run to run. */
function timeless({ steps, ...others }: BisectFile) {
  return { ...others, steps: steps.map(({ at: _at, seconds: _seconds, ...step }) => step) };
}

function measurements(texts: readonly string[]): number {
  return texts.filter((text) => text.startsWith('measure')).length;
}

function ends(good: string, bad: string): Pick<BisectPlan, 'good' | 'bad'> {
  return { good: { name: 'v1', commit: good }, bad: { name: 'v2', commit: bad } };
}

test('finds the commit that made L2 slower, past one that does not build and one that does not boot', async () => {
  const commits = line(14, levels(1000, 10_000), {
    3: levels(900, 10_000),
    6: '!if then\n',
    7: '!echo panic: no init >&2; exit 1\n',
    9: levels(900, 10_400),
  });
  const { shas, run, file, lines } = setUp(commits);
  const { found = [], steps } = await run();
  expect(found.map(({ commits: [first] }) => first)).toMatchObject([
    {
      commit: shas[9],
      subject: 'change 9',
      author: 'Some Body <some@body.example>',
      files: ['arch/x86/kvm/kernel.sh'],
    },
  ]);
  expect(found[0]).toMatchObject({ before: shas[8], after: shas[9], isSmall: false });
  const skipped = steps.filter((step) => step.state === 'skipped');
  expect(skipped).toMatchObject([
    { subject: 'change 6', during: 'build', reason: expect.stringMatching(/syntax error/i) },
    { subject: 'change 7', during: 'measurement', reason: 'panic: no init' },
  ]);
  // Both sides at every level.
  const cellsOf = (commit: string | undefined): string[] =>
    steps.filter((step) => step.commit === commit).map(({ cell }) => cell);
  expect(cellsOf(shas[8]).toSorted()).toEqual(['l1-baseline', 'l2-baseline', 'l3-baseline']);
  expect(cellsOf(shas[9]).toSorted()).toEqual(['l1-baseline', 'l2-baseline', 'l3-baseline']);
  expect(readSteps(file, bisectFile)).toEqual(await run(readSteps(file, bisectFile)));
  expect(lines.join('\n')).toMatch(
    /^[0-9a-f]{12} in l2-baseline, 10 steps left: change 0\n {2}hypercall 10,000 instructions/,
  );
  expect(lines.join('\n')).toContain('skipped, as it does not build: ');
});

test('what was measured before is not measured again', async () => {
  const { run, file, started } = setUp(line(14, levels(1000, 10_000), { 9: levels(1000, 10_400) }));
  const whole = await run();
  const all = started();
  // As after a kill: the file has only the first steps.
  const { found: _, ...unfinished } = readSteps(file, bisectFile);
  const continued = await run({ ...unfinished, steps: unfinished.steps.slice(0, 4) });
  expect(timeless(continued)).toEqual(timeless(whole));
  expect(measurements(started().slice(all.length))).toBe(measurements(all) - 4);
});

test('a commit that does not build is not built again for another cell', async () => {
  const { run, started } = setUp(
    line(4, levels(1000, 10_000), { 1: '!if\n', 2: '!if\n', 3: levels(1000, 11_000) }),
  );
  const { found = [] } = await run();
  expect(found[0]?.commits.map(({ subject }) => subject).toSorted()).toEqual([
    'change 1',
    'change 2',
    'change 3',
  ]);
  expect(started().filter((text) => text.startsWith('build'))).toHaveLength(6);
});

test('several benchmarks: each step of each is found', async () => {
  const commits = line(20, costing({ hypercall: 1000, cpuid: 1000 }), {
    4: costing({ hypercall: 1000, cpuid: 1100 }),
    12: costing({ hypercall: 900, cpuid: 1100 }),
    15: costing({ hypercall: 900, cpuid: 1200 }),
  });
  const { shas, run } = setUp(commits, { plan: { benchmarks: ['hypercall', 'cpuid'] } });
  const file = await run();
  expect(file.found?.map(({ after }) => after)).toEqual([shas[4], shas[12], shas[15]]);
  expect(explained(file)).toEqual([
    { benchmark: 'hypercall', before: 1000, whole: -100, part: -100 },
    { benchmark: 'cpuid', before: 1000, whole: 200, part: 200 },
  ]);
});

test('one of two benchmarks differs: refused, and enough with --any', async () => {
  const commits = line(4, costing({ hypercall: 1000, cpuid: 1000 }), {
    2: costing({ hypercall: 1050, cpuid: 1000 }),
  });
  const benchmarks = ['hypercall', 'cpuid'];
  const all = setUp(commits, { plan: { benchmarks } });
  await expect(all.run()).rejects.toThrow(/do not differ by more than 1 % in each benchmark/);
  const any = setUp(commits, { plan: { benchmarks, any: true } });
  expect((await any.run()).found).toHaveLength(1);
});

test('ends that do not differ are refused after two steps, with their costs', async () => {
  const { run, started } = setUp(line(8, costing({ hypercall: 1000 }), { 5: costing({ hypercall: 1004 }) }));
  await expect(run()).rejects.toMatchObject({
    kind: 'configuration',
    message:
      'good and bad do not differ by more than 1 % in l2-baseline: hypercall 1,000 and 1,004 (+0.40 %). Name ends that differ, or a smaller --threshold.',
  });
  expect(started()).toHaveLength(4);
});

test('an end that does not build is refused, and built again if the bisection is continued', async () => {
  const { run, file, started } = setUp(line(8, costing({ hypercall: 1000 }), { 7: '!if\n' }));
  await expect(run()).rejects.toThrow(
    /^bad does not build, so there is nothing to compare with.*syntax error/is,
  );
  const all = started();
  await expect(run(readSteps(file, bisectFile))).rejects.toThrow(/^bad does not build/);
  expect(started().slice(all.length)).toEqual([expect.stringMatching(/^build /)]);
});

test('of a branch that was merged, the commit is compared with its own parent', async () => {
  const place = temporaryDirectory();
  const directory = path.join(place, 'linux');
  const [base = ''] = repository(directory, line(1, costing({ hypercall: 1000 }), {}));
  git(directory, 'checkout', '--quiet', '-b', 'topic');
  const slower = commitTo(directory, { subject: 'slower', kernel: costing({ hypercall: 1100 }) });
  git(directory, 'checkout', '--quiet', 'main');
  git(directory, 'commit', '--quiet', '--allow-empty', '--message', 'something else');
  const good = git(directory, 'rev-parse', 'HEAD');
  git(directory, 'merge', '--quiet', '--no-edit', '-m', 'merge topic', 'topic');
  const { run } = bisecting(place, directory, good, git(directory, 'rev-parse', 'HEAD'));
  expect((await run()).found).toMatchObject([{ before: base, after: slower }]);
});

test('ends in the wrong order, or of separate histories, are refused before anything is built', async () => {
  const { shas, directory } = setUp(line(3, costing({ hypercall: 1000 }), {}));
  const history = new Repository(directory, never);
  const [one = '', two = '', three = ''] = shas;
  await expect(assertOrder(history, ends(one, three))).resolves.toBeUndefined();
  await expect(assertOrder(history, ends(two, two))).rejects.toThrow('v1 and v2 are the same commit.');
  await expect(assertOrder(history, ends(three, one))).rejects.toThrow(/v2 is older than v1\. Exchange/);
  git(directory, 'checkout', '--quiet', '-b', 'stable', two);
  const stable = commitTo(directory, { subject: 'stable', kernel: '' });
  await expect(assertOrder(history, ends(stable, three))).rejects.toThrow(
    `such as --good ${two.slice(0, 12)}.`,
  );
});
