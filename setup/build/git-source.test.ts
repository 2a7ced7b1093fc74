import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../lib/temporary.testing.ts';
import { exportSource, parseModules, resolveSource } from './git-source.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const silent = (): void => {};

/** Runs git as somebody who commits. */
function git(directory: string, ...words: string[]): string {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...who, '-C', directory, ...words], { encoding: 'utf8' }).trim();
}

/** A repository with one commit of one file, on the branch v1-a. */
function repository(name: string, content: string, at = temporaryDirectory()): string {
  const directory = path.join(at, name);
  mkdirSync(directory);
  git(directory, 'init', '--quiet', '--initial-branch=v1-a');
  commit(directory, content);
  return directory;
}

function commit(directory: string, content: string): string {
  writeFileSync(path.join(directory, 'file'), content);
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', content);
  return git(directory, 'rev-parse', 'HEAD');
}

test('a branch is what it is now; a commit stays what it was', async () => {
  temporaryCache();
  const url = repository('source', 'one');
  const one = git(url, 'rev-parse', 'HEAD');
  expect(await resolveSource({ url, ref: 'v1-a' }, never, silent)).toEqual({ url, ref: 'v1-a', commit: one });
  const two = commit(url, 'two');
  expect((await resolveSource({ url, ref: 'v1-a' }, never, silent)).commit).toBe(two);
  expect((await resolveSource({ url, ref: one }, never, silent)).commit).toBe(one);
});

test('where the repository is gone, its last word is taken, and said to be so', async () => {
  temporaryCache();
  const url = repository('source', 'one');
  const { commit: one } = await resolveSource({ url, ref: 'v1-a' }, never, silent);
  rmSync(url, { recursive: true });
  const said: string[] = [];
  const again = await resolveSource({ url, ref: 'v1-a' }, never, (sentence) => void said.push(sentence));
  expect(again.commit).toBe(one);
  expect(said).toEqual([expect.stringContaining(`${url} can't be reached, so v1-a is what it was`)]);
  // A commit needs nobody to ask.
  expect((await resolveSource({ url, ref: one }, never, silent)).commit).toBe(one);
  expect(said).toHaveLength(1);
});

test('what is not there is told, and leaves nothing behind', async () => {
  const cache = temporaryCache();
  const url = repository('source', 'one');
  await expect(resolveSource({ url, ref: 'nosuch' }, never, silent)).rejects.toMatchObject({
    code: 'NESTBENCH_BUILD_FAILED',
    kind: 'configuration',
    message: `${url} has no branch, tag or commit nosuch.`,
  });
  await expect(resolveSource({ url: '/no/such', ref: 'v1' }, never, silent)).rejects.toThrow(
    /can't be cloned/,
  );
  expect(readdirSync(path.join(cache, 'mirrors')).filter((name) => name.includes('cloning'))).toEqual([]);
});

test('a URL can be no command', async () => {
  temporaryCache();
  const proof = path.join(temporaryDirectory(), 'proof');
  await expect(resolveSource({ url: `ext::touch ${proof}`, ref: 'v1' }, never, silent)).rejects.toThrow(
    /transport 'ext' not allowed/,
  );
  expect(existsSync(proof)).toBe(false);
});

test('a commit is laid out without .git, with its submodules at the commits that it pins', async () => {
  temporaryCache();
  const at = temporaryDirectory();
  const inner = repository('inner', 'pinned', at);
  const url = repository('outer', 'outer', at);
  git(url, 'submodule', '--quiet', 'add', '../inner', 'parts/inner');
  git(url, 'commit', '--quiet', '--message', 'with a submodule');
  commit(inner, 'newer');
  const source = await resolveSource({ url, ref: 'v1-a' }, never, silent);
  const tree = path.join(temporaryDirectory(), 'tree');
  await exportSource(source, tree, { signal: never, log: path.join(temporaryDirectory(), 'log') });
  expect(readFileSync(path.join(tree, 'file'), 'utf8')).toBe('outer');
  expect(readFileSync(path.join(tree, 'parts/inner/file'), 'utf8')).toBe('pinned');
  expect(existsSync(path.join(tree, '.git'))).toBe(false);
});

test('relative URLs of submodules are beside the repository, and a path out of the tree is none', () => {
  const text = `[submodule "a"]
\tpath = roms/a
\turl = ../a.git
[submodule "b"]
\tpath = b
\turl = https://example.org/b.git
[submodule "c"]
\tpath = ../c
\turl = ../c.git
`;
  expect(parseModules(text, 'https://gitlab.com/group/qemu.git')).toEqual([
    { at: 'roms/a', from: 'https://gitlab.com/group/a.git' },
    { at: 'b', from: 'https://example.org/b.git' },
  ]);
  expect(parseModules(text, 'git@host:group/qemu.git')[0]?.from).toBe('git@host:group/a.git');
  expect(parseModules(text, '/srv/git/qemu')[0]?.from).toBe('/srv/git/a.git');
});
