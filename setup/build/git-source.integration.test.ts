import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { temporaryCache, temporaryDirectory } from '../lib/temporary.testing.ts';
import { type ExportOptions, exportSource, resolveSource, sourceSetting } from './git-source.ts';

vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;
const silent = (): void => {};

/** Runs git with the identity of a committer. */
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

test('a branch is resolved now; a commit stays the same', async () => {
  temporaryCache();
  const url = repository('source', 'one');
  const one = git(url, 'rev-parse', 'HEAD');
  expect(await resolveSource({ url, ref: 'v1-a' }, never, silent)).toEqual({ url, ref: 'v1-a', commit: one });
  const two = commit(url, 'two');
  expect((await resolveSource({ url, ref: 'v1-a' }, never, silent)).commit).toBe(two);
  expect((await resolveSource({ url, ref: one }, never, silent)).commit).toBe(one);
});

test('if the repository is gone, the last known commit is used, and reported as that', async () => {
  temporaryCache();
  const url = repository('source', 'one');
  const { commit: one } = await resolveSource({ url, ref: 'v1-a' }, never, silent);
  rmSync(url, { recursive: true });
  const said: string[] = [];
  const again = await resolveSource({ url, ref: 'v1-a' }, never, (sentence) => void said.push(sentence));
  expect(again.commit).toBe(one);
  expect(said).toEqual([
    expect.stringContaining(`${url} can't be reached, so v1-a is the last known commit`),
  ]);
  // A commit needs no look-up.
  expect((await resolveSource({ url, ref: one }, never, silent)).commit).toBe(one);
  expect(said).toHaveLength(1);
});

test('a missing ref or repository is reported, and leaves nothing behind', async () => {
  const cache = temporaryCache();
  const url = repository('source', 'one');
  await expect(resolveSource({ url, ref: 'nosuch' }, never, silent)).rejects.toMatchObject({
    code: 'NESTBENCH_BUILD_FAILED',
    kind: 'configuration',
    message: `${url} has no branch, tag or commit nosuch.`,
  });
  await expect(resolveSource({ url: '/no/such', ref: 'v1' }, never, silent)).rejects.toThrow(
    /can't be fetched/,
  );
  expect(readdirSync(path.join(cache, 'mirrors')).filter((name) => name.includes('cloning'))).toEqual([]);
});

test('a branch whose name is the directory of another is fetched beside it', async () => {
  temporaryCache();
  const url = repository('source', 'one');
  git(url, 'branch', 'topic/a');
  const one = git(url, 'rev-parse', 'HEAD');
  expect((await resolveSource({ url, ref: 'topic/a' }, never, silent)).commit).toBe(one);
  git(url, 'branch', '--delete', 'topic/a');
  git(url, 'branch', 'topic');
  expect((await resolveSource({ url, ref: 'topic' }, never, silent)).commit).toBe(one);
});

test('a short commit that the server can’t find is reported, with what to write', async () => {
  temporaryCache();
  const url = repository('source', 'one');
  const short = git(url, 'rev-parse', '--short=10', 'HEAD');
  await expect(resolveSource({ url, ref: short }, never, silent)).rejects.toThrow('Write all 40 digits');
});

test('a URL can’t be a command', async () => {
  temporaryCache();
  const proof = path.join(temporaryDirectory(), 'proof');
  await expect(resolveSource({ url: `ext::touch ${proof}`, ref: 'v1' }, never, silent)).rejects.toThrow(
    /transport 'ext' not allowed/,
  );
  expect(existsSync(proof)).toBe(false);
});

/** Serves a directory over HTTP on the loopback interface, as a web server without git does. */
async function serveFiles(directory: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const file = path.join(directory, new URL(request.url ?? '/', 'http://localhost').pathname);
    if (existsSync(file) && statSync(file).isFile()) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

const SUBMODULE = ['submodule', '--quiet', 'add'];

/** A repository with a submodule that has one itself, and one in roms/. */
function nested(): { url: string; inner: string; deep: string } {
  const at = temporaryDirectory();
  const [deep, inner, url] = ['deep', 'inner', 'outer'].map((name) => repository(name, name, at));
  if (deep === undefined || inner === undefined || url === undefined) throw new Error('no repositories');
  repository('firmware', 'firmware', at);
  git(inner, ...SUBMODULE, '../deep', 'deep');
  commit(inner, 'pinned');
  git(url, ...SUBMODULE, '../inner', 'parts/inner');
  git(url, ...SUBMODULE, '../firmware', 'roms/firmware');
  commit(url, 'outer');
  return { url, inner, deep };
}

const SUBMODULES = ['.', ':(exclude)roms/'];

async function lay(url: string, options: Partial<ExportOptions> = {}): Promise<string> {
  const source = await resolveSource({ url, ref: 'v1-a' }, never, silent);
  const tree = path.join(temporaryDirectory(), 'tree');
  const log = path.join(temporaryDirectory(), 'log');
  await exportSource(source, tree, { signal: never, log, submodules: SUBMODULES, ...options });
  return tree;
}

/** Its files and their contents. */
function filesOf(tree: string): Record<string, string> {
  const names = readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(tree, name)).isFile() && !name.endsWith('.gitmodules'))
    .toSorted();
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(tree, name), 'utf8')]));
}

const PINNED = { file: 'outer', 'parts/inner/deep/file': 'deep', 'parts/inner/file': 'pinned' };

test('a commit is checked out without .git, with nested submodules at their pinned commits', async () => {
  temporaryCache();
  const { url, inner } = nested();
  commit(inner, 'newer');
  expect(filesOf(await lay(url))).toEqual(PINNED);
});

test('only the submodules that were asked for are fetched', async () => {
  temporaryCache();
  const { url, inner } = nested();
  rmSync(inner, { recursive: true });
  expect(filesOf(await lay(url, { submodules: ['roms'] }))).toEqual({
    file: 'outer',
    'roms/firmware/file': 'firmware',
  });
});

test('a submodule whose server is gone comes from where it moved to', async () => {
  temporaryCache();
  const { url, inner } = nested();
  const old = `file://${path.dirname(url)}/old/`;
  git(url, 'config', '--file', '.gitmodules', 'submodule.parts/inner.url', `${old}inner`);
  commit(url, 'moved');
  await expect(lay(url)).rejects.toThrow(`Fetching the submodules of ${url}`);
  const tree = await lay(url, { moved: { [old]: `file://${path.dirname(inner)}/` } });
  expect(filesOf(tree)).toEqual({ ...PINNED, file: 'moved' });
});

test('only the commit is fetched, without its history or other branches', async () => {
  const cache = temporaryCache();
  const url = repository('source', 'one');
  git(url, 'branch', 'other');
  commit(url, 'two');
  git(url, 'tag', '--annotate', '--message=t', 'v2');
  const two = git(url, 'rev-parse', 'HEAD');
  expect((await resolveSource({ url, ref: 'v2' }, never, silent)).commit).toBe(two);
  const mirror = path.join(cache, 'mirrors', readdirSync(path.join(cache, 'mirrors'))[0] ?? '');
  expect(git(mirror, 'rev-list', '--all')).toBe(two);
  // A commit that is not the head of a branch is fetched alone, too.
  const one = git(url, 'rev-parse', 'other');
  expect((await resolveSource({ url, ref: one }, never, silent)).commit).toBe(one);
});

test('a server of plain files, which has only whole branches, gives those', async () => {
  temporaryCache();
  const work = repository('source', 'one');
  const one = commit(work, 'two');
  const served = path.join(temporaryDirectory(), 'served.git');
  execFileSync('git', ['clone', '--quiet', '--bare', work, served]);
  git(served, 'update-server-info');
  await using server = await serveFiles(path.dirname(served));
  const url = `${server.url}/served.git`;
  expect((await resolveSource({ url, ref: 'v1-a' }, never, silent)).commit).toBe(one);
});

test('a commit that was checked out once is checked out again offline, next to another commit', async () => {
  temporaryCache();
  const { url, inner, deep } = nested();
  await lay(url);
  const { commit: first } = await resolveSource({ url, ref: 'v1-a' }, never, silent);
  const pinned = path.join(url, 'parts/inner');
  commit(inner, 'newer');
  git(pinned, 'fetch', '--quiet');
  git(pinned, 'checkout', '--quiet', 'origin/v1-a');
  commit(url, 'second');
  expect(filesOf(await lay(url))).toEqual({ ...PINNED, file: 'second', 'parts/inner/file': 'newer' });
  for (const each of [url, inner, deep]) rmSync(each, { recursive: true });
  const again = path.join(temporaryDirectory(), 'again');
  const log = path.join(temporaryDirectory(), 'log');
  await exportSource({ url, commit: first }, again, { signal: never, log, submodules: SUBMODULES });
  expect(filesOf(again)).toEqual(PINNED);
});

test('a submodule’s URL can’t be a command', async () => {
  temporaryCache();
  const proof = path.join(temporaryDirectory(), 'proof');
  const { url } = nested();
  git(url, 'config', '--file', '.gitmodules', 'submodule.parts/inner.url', `ext::touch ${proof}`);
  commit(url, 'hostile');
  await expect(lay(url)).rejects.toThrow(/transport 'ext' not allowed/);
  expect(existsSync(proof)).toBe(false);
});

test('a submodule of a remote repository can’t be a path on this host', async () => {
  temporaryCache();
  const { url } = nested();
  const home = temporaryDirectory();
  vi.stubEnv('HOME', home);
  writeFileSync(
    path.join(home, '.gitconfig'),
    `[url "${path.dirname(url)}/"]\n\tinsteadOf = https://example.org/\n`,
  );
  await expect(lay('https://example.org/outer')).rejects.toThrow(/transport 'file' not allowed/);
});

test('reads values from a file in the format of git’s configuration', async () => {
  temporaryCache();
  const url = repository('source', 'one');
  // subprojects/keycodemapdb.wrap of QEMU 10.1.
  writeFileSync(
    path.join(url, 'a.wrap'),
    '[wrap-git]\nurl = https://gitlab.com/qemu-project/keycodemapdb.git\nrevision = f5772a62ec52591ff6870b7e8ef32482371f22c6\ndepth = 1\n',
  );
  writeFileSync(path.join(url, 'b.wrap'), '[wrap-file]\nsource_url = https://example.org/x.tar.gz\n');
  commit(url, 'with wraps');
  const source = await resolveSource({ url, ref: 'v1-a' }, never, silent);
  const ask = (file: string, name: string) => sourceSetting(source, file, name, never);
  expect(await ask('a.wrap', 'wrap-git.url')).toBe('https://gitlab.com/qemu-project/keycodemapdb.git');
  expect(await ask('a.wrap', 'wrap-git.revision')).toBe('f5772a62ec52591ff6870b7e8ef32482371f22c6');
  expect(await ask('b.wrap', 'wrap-git.url')).toBe('');
  expect(await ask('none.wrap', 'wrap-git.url')).toBe('');
});
