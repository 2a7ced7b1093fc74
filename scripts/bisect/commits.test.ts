import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { Repository } from './commits.ts';
import { commit, git, repository } from './programs.testing.ts';

const never = new AbortController().signal;

function line(count: number): {
  directory: string;
  shas: string[];
  at: (index: number) => string;
  history: Repository;
} {
  const directory = path.join(temporaryDirectory(), 'linux');
  const commits = Array.from({ length: count }, (_, index) => ({ subject: `change ${index}`, kernel: '' }));
  const shas = repository(directory, commits);
  return { directory, shas, at: (index) => shas[index] ?? '', history: new Repository(directory, never) };
}

test('halves a line of commits, and ranks them', async () => {
  const { at, shas, history } = line(9);
  expect(await history.middle([at(0)], at(8))).toEqual({ commit: at(4), count: 8 });
  expect(await history.middle([at(0), at(4)], at(8))).toEqual({ commit: at(6), count: 4 });
  expect(await history.middle([at(7)], at(8))).toEqual({ commit: at(8), count: 1 });
  const ranked = await history.ranked([at(0)], at(8));
  expect(ranked[0]).toBe(at(4));
  expect(ranked.toSorted()).toEqual(shas.slice(1).toSorted());
  expect(await history.distance(at(2), at(8))).toBe(6);
});

test('knows which commit is older', async () => {
  const { at, history } = line(3);
  expect(await history.isAncestor(at(0), at(2))).toBe(true);
  expect(await history.isAncestor(at(2), at(0))).toBe(false);
});

test('describes a commit with the files of KVM that it touched', async () => {
  const { at, history } = line(2);
  expect(await history.facts(at(1))).toMatchObject({
    commit: at(1),
    parents: [at(0)],
    author: 'Some Body <some@body.example>',
    date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    subject: 'change 1',
    files: ['arch/x86/kvm/kernel.sh'],
  });
  expect((await history.facts(at(0))).files).toEqual(['arch/x86/kvm/kernel.sh']);
});

test('a merge is described by what it changes on its first parent', async () => {
  const { directory, at, history } = line(2);
  git(directory, 'checkout', '--quiet', '-b', 'topic', at(0));
  const topic = commit(directory, { subject: 'topic', kernel: 'exit 1\n' });
  git(directory, 'checkout', '--quiet', 'main');
  git(directory, 'merge', '--quiet', '--strategy=ours', '--no-edit', '-m', 'merge topic', 'topic');
  const merge = git(directory, 'rev-parse', 'HEAD');
  expect(await history.facts(merge)).toMatchObject({
    subject: 'merge topic',
    parents: [at(1), topic],
    files: [],
  });
});

test('a missing commit and a missing repository are told apart', async () => {
  const { history } = line(1);
  await expect(history.resolve('v9.9')).rejects.toMatchObject({
    code: 'NESTBENCH_UNKNOWN_SETTING',
    message: expect.stringContaining('has no commit "v9.9"'),
  });
  const none = new Repository(temporaryDirectory(), never);
  await expect(none.resolve('v9.9')).rejects.toThrow(/can't be read. git says: .*not a git repository/);
});
