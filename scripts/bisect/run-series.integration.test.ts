import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type SeriesFile, seriesFile } from '../../fixtures/kernel-steps.ts';
import { seriesRows } from '../../reporters/analysis/series-rows.ts';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { Repository } from './commits.ts';
import { costing, git, programs, repository, type TinyCommit } from './programs.testing.ts';
import { findRevisions, measureRevisions } from './run-series.ts';
import { readSteps, StepsFile } from './steps-file.ts';

const never = new AbortController().signal;

/** Each commit is tagged v1, v2, ... */
function tagged(commits: readonly TinyCommit[]) {
  const place = temporaryDirectory();
  const directory = path.join(place, 'linux');
  const shas = repository(directory, commits);
  shas.forEach((sha, index) => git(directory, 'tag', `v${index + 1}`, sha));
  const history = new Repository(directory, never);
  const file = path.join(place, 'series.json');
  const programLog = path.join(place, 'programs.log');
  const run = async (content: SeriesFile): Promise<SeriesFile> => {
    const state = new StepsFile(file, content);
    const work = programs(directory, place, programLog);
    await measureRevisions({ state, repository: history, work, log: () => {} });
    return state.content;
  };
  const started = (): string[] => readFileSync(programLog, 'utf8').trim().split('\n');
  const all: SeriesFile = {
    kind: 'series',
    plan: {
      repository: directory,
      suite: 'trixie',
      revisions: shas.map((commit, index) => ({ name: `v${index + 1}`, commit })),
      cells: ['l1-baseline', 'l2-baseline'],
      benchmarks: ['hypercall'],
    },
    startedAt: '2026-01-01T00:00:00.000Z',
    steps: [],
  };
  return { directory, history, file, run, started, all };
}

const costs = (hypercall: number): string => costing({ hypercall });

test('measures each kernel in each cell; what does not build or boot is skipped', async () => {
  const { run, all } = tagged([
    { subject: 'one', kernel: costs(100) },
    { subject: 'two', kernel: 'if\n' },
    { subject: 'three', kernel: 'echo it panics >&2; exit 1\n' },
    { subject: 'four', kernel: costs(150) },
  ]);
  const content = await run(all);
  expect(content.steps).toMatchObject([
    { subject: 'one', cell: 'l1-baseline', costs: { hypercall: 100 } },
    { subject: 'one', cell: 'l2-baseline', position: 0 },
    { subject: 'two', cell: 'l1-baseline', during: 'build', reason: expect.stringMatching(/syntax error/i) },
    { subject: 'three', cell: 'l1-baseline', during: 'measurement', reason: 'it panics' },
    { subject: 'four', cell: 'l1-baseline', position: 3 },
    { subject: 'four', cell: 'l2-baseline' },
  ]);
  const row = { benchmark: 'hypercall', costs: [100, null, null, 150], change: 0.5 };
  expect(seriesRows(content)).toEqual([
    { cell: 'l1-baseline', ...row },
    { cell: 'l2-baseline', ...row },
  ]);
});

test('what was measured before is not measured again, and what was skipped is tried once more', async () => {
  const { run, all, file, started } = tagged([
    { subject: 'one', kernel: costs(100) },
    { subject: 'two', kernel: 'exit 1\n' },
    { subject: 'three', kernel: costs(100) },
  ]);
  await run(all);
  const first = started();
  // As after a kill: the last kernel is missing.
  const whole = readSteps(file, seriesFile);
  await run({ ...whole, steps: whole.steps.slice(0, 3) });
  expect(started().slice(first.length)).toEqual([
    expect.stringMatching(/^build /),
    'measure l1-baseline',
    expect.stringMatching(/^build /),
    'measure l1-baseline',
    'measure l2-baseline',
  ]);
});

test('a series of which no kernel could be measured fails, with the first reason', async () => {
  const { run, all } = tagged([
    { subject: 'one', kernel: 'echo it panics >&2; exit 1\n' },
    { subject: 'two', kernel: 'exit 1\n' },
  ]);
  await expect(run(all)).rejects.toThrow(
    'None of the kernels could be built and measured. The first one: it panics',
  );
});

test('the tags of a range, in the order of their versions, without release candidates', async () => {
  const { directory, history } = tagged(['a', 'b', 'c', 'd'].map((subject) => ({ subject, kernel: '' })));
  git(directory, 'tag', 'v2-rc1', 'v2');
  git(directory, 'tag', 'v10', 'v4');
  git(directory, 'tag', '--delete', 'v4');
  const names = async (from: string, to: string) =>
    (await findRevisions({ range: { from, to }, revisions: [] }, history)).map(({ name }) => name);
  expect(await names('v2', 'v10')).toEqual(['v2', 'v3', 'v10']);
  expect(await names('v1', 'v2')).toEqual(['v1', 'v2']);
  await expect(names('v3', 'v3')).rejects.toThrow('v3..v3 has only one commit (v3), and a series needs two.');
  await expect(names('v10', 'v3')).rejects.toThrow('v10..v3 has no tag');
  await expect(names('v1', 'v4')).rejects.toThrow('has no commit "v4"');
});

test('revisions that are named are taken in their order, each commit once', async () => {
  const { history } = tagged(['a', 'b'].map((subject) => ({ subject, kernel: '' })));
  const found = await findRevisions({ range: undefined, revisions: ['v2', 'main', 'v1'] }, history);
  expect(found.map(({ name }) => name)).toEqual(['v2', 'v1']);
});
