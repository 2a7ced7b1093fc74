/**
 * Source from git: a bare repository in the cache with the commits that were asked for, without their history; a ref
 * resolved to a commit; and that commit's files without .git, with submodules at their pinned commits. The repository
 * keeps those too, so that a commit is only downloaded once.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { NestbenchError } from '../lib/errors.ts';
import { aborted, lastLines } from '../lib/error-text.ts';
import { UnbuildableError } from './build-errors.ts';
import { takeLock } from '../lib/lock.ts';
import { cacheDirectory } from './cache/build-cache.ts';
import { hashOf } from '../lib/hash.ts';
import { runTool, toolEnvironment, type ToolOptions } from './tool.ts';

export interface GitSource {
  readonly url: string;
  readonly ref: string;
  /** The commit that it was resolved to. */
  readonly commit: string;
}

const COMMIT = /^[0-9a-f]{40}$/;

/** Disables transports that run a command from the URL (git-config(1), protocol.allow). */
const SAFELY = ['-c', 'protocol.ext.allow=never'];

function mirrorOf(url: string): string {
  return path.join(cacheDirectory(), 'mirrors', `${hashOf(url)}.git`);
}

/**
 * The current commit of `ref` in the repository at `url`. A commit that the mirror has is not looked up.
 * @param say called if the repository can't be reached and the last known commit is used.
 * @throws NESTBENCH_BUILD_FAILED, kind configuration, if the repository or the ref is not available.
 */
export async function resolveSource(
  { url, ref }: Pick<GitSource, 'url' | 'ref'>,
  signal: AbortSignal,
  say: (sentence: string) => void,
): Promise<GitSource> {
  const mirror = mirrorOf(url);
  await using _ = await takeLock(`${mirror}.lock`, { signal });
  const known = existsSync(mirror) ? await commitOf(mirror, ref, signal) : undefined;
  if (known !== undefined && COMMIT.test(ref)) return { url, ref, commit: known };
  const failure = existsSync(mirror)
    ? await fetchRef(mirror, ref, signal)
    : await create(mirror, url, ref, signal);
  if (failure !== undefined && NO_REF.test(failure)) throw noRef(url, ref);
  if (failure !== undefined && known !== undefined) {
    say(`${url} can't be reached, so ${ref} is the last known commit: ${known}. git says: ${failure}`);
    return { url, ref, commit: known };
  }
  if (failure !== undefined) throw unusable(`${url} can't be fetched. git says:\n${failure}`, failure);
  const commit = await commitOf(mirror, ref, signal);
  if (commit !== undefined) return { url, ref, commit };
  throw noRef(url, ref);
}

const NO_REF = /couldn't find remote ref/;

function noRef(url: string, ref: string): NestbenchError {
  const isShort = /^[0-9a-f]{4,39}$/.test(ref);
  return unusable(
    `${url} has no branch, tag or commit ${ref}.${isShort ? ' Write all 40 digits of a commit: a server finds no shorter ones.' : ''}`,
    undefined,
  );
}

/** For a repository on another continent: it only lists its refs. */
const LOOK_UP_SECONDS = 60;

/**
 * Whether the repository answers and has the ref, without downloading anything.
 * @returns the commit of the ref, or why it is not available.
 */
export async function lookUpSource(
  { url, ref }: Pick<GitSource, 'url' | 'ref'>,
  signal: AbortSignal,
): Promise<{ readonly ok: true; readonly what: string } | { readonly ok: false; readonly why: string }> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(LOOK_UP_SECONDS * 1000)]);
  const mirror = mirrorOf(url);
  const known = existsSync(mirror) ? await commitOf(mirror, ref, signal) : undefined;
  if (known !== undefined && COMMIT.test(ref)) return { ok: true, what: 'the cache has it' };
  try {
    const { exitCode, stdout, stderr } = await run(['ls-remote', '--quiet', '--', url], within);
    if (exitCode !== 0) {
      return known === undefined
        ? { ok: false, why: `It can't be reached. git says: ${lastLines(stderr)}` }
        : { ok: true, what: `can't be reached now; the cache has ${known.slice(0, 12)}` };
    }
    // A commit that is not the head of a branch is only found once it is downloaded.
    if (COMMIT.test(ref)) return { ok: true, what: 'the repository answers' };
    const [, commit] =
      new RegExp(`^([0-9a-f]{40})\trefs/(?:heads|tags)/${RegExp.escape(ref)}$`, 'm').exec(stdout) ?? [];
    return commit === undefined
      ? { ok: false, why: `It answers, and has no branch or tag ${ref}.` }
      : { ok: true, what: commit.slice(0, 12) };
  } catch (error) {
    signal.throwIfAborted();
    if (within.aborted) return { ok: false, why: `It did not answer within ${LOOK_UP_SECONDS} s.` };
    throw error;
  }
}

/** git.qemu.org has moved to GitLab. QEMUs before 7.0 still name it for their submodules. */
const MOVED: Readonly<Record<string, string>> = {
  'git://git.qemu.org/': 'https://gitlab.com/qemu-project/',
  'https://git.qemu.org/git/': 'https://gitlab.com/qemu-project/',
};

export interface ExportOptions extends Omit<ToolOptions, 'purpose' | 'cwd' | 'env'> {
  /** Paths of the submodules to include, as git's pathspecs; by default all. */
  readonly submodules?: readonly string[];
  /** Where submodules are fetched from if their own server does not serve them, by the beginning of their URL. */
  readonly moved?: Readonly<Record<string, string>>;
}

/** Writes the commit's files to `directory`, which is created. */
export async function exportSource(
  { url, commit }: Pick<GitSource, 'url' | 'commit'>,
  directory: string,
  { submodules = ['.'], moved = MOVED, ...options }: ExportOptions,
): Promise<void> {
  const mirror = mirrorOf(url);
  const tool = { ...options, cwd: directory, env: environment(), purpose: `checking out ${url}` };
  const there = ['git', '--git-dir', mirror, '--work-tree', directory, ...SAFELY];
  // git takes no submodule from a path of this host (git-config(1), protocol.allow); a repository that is one may have such.
  const local = /^(file:|[^:]+(\/|$))/.test(url) ? ['-c', 'protocol.file.allow=always'] : [];
  const active = submodules.flatMap((paths) => ['-c', `submodule.active=${paths}`]);
  const update = ['submodule', 'update', '--quiet', '--init', '--recursive', '--force'];
  const elsewhere = Object.entries(moved).flatMap(([from, to]) => ['-c', `url.${to}.insteadOf=${from}`]);
  await mkdir(directory, { recursive: true });
  // The mirror has one index.
  await using _ = await takeLock(`${mirror}.lock`, { signal: tool.signal });
  await runTool([...there, 'read-tree', '--reset', '-u', commit], tool);
  const withSubmodules = { ...tool, purpose: `fetching the submodules of ${url}` };
  try {
    await runTool([...there, ...local, ...active, ...update], withSubmodules);
  } catch {
    options.signal.throwIfAborted();
    await runTool([...there, ...local, ...active, ...elsewhere, ...update], withSubmodules);
  }
  await runTool(['find', '.', '-name', '.git', '-type', 'f', '-delete'], tool);
}

/** Reads single files of a ref. */
export interface SourceGlimpse extends AsyncDisposable {
  /** The text of a file; empty if there is none of that name. */
  read(file: string): Promise<string>;
}

/** Options of a fetch that leaves out the files: git fetches each as it is read. */
const ONE_BY_ONE = ['--quiet', '--no-tags', '--depth=1', '--filter=blob:none'];

/**
 * A ref whose files are fetched one by one as they are read, from a server that can do that; nothing is kept. What the
 * mirror has is read there.
 * @returns undefined if it can't be fetched.
 */
export async function glimpseSource(
  { url, ref }: Pick<GitSource, 'url' | 'ref'>,
  signal: AbortSignal,
): Promise<SourceGlimpse | undefined> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(LOOK_UP_SECONDS * 1000)]);
  const mirror = mirrorOf(url);
  const kept = existsSync(mirror) ? await commitOf(mirror, ref, signal) : undefined;
  if (kept !== undefined)
    return {
      read: (file) => sourceFile({ url, commit: kept }, file, signal),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  const place = await mkdtemp(path.join(tmpdir(), 'nestbench-source-'));
  const remove = (): Promise<void> => rm(place, { recursive: true, force: true });
  try {
    const failure =
      (await initialize(place, url, within)) ??
      (await git(['--git-dir', place, 'fetch', ...ONE_BY_ONE, 'origin', ref], within));
    if (failure !== undefined) {
      await remove();
      return undefined;
    }
  } catch (error) {
    await remove();
    signal.throwIfAborted();
    if (within.aborted) return undefined;
    throw error;
  }
  return {
    read: (file) => output(['--git-dir', place, 'show', `FETCH_HEAD:${file}`], signal),
    [Symbol.asyncDispose]: remove,
  };
}

/** A file of the commit; empty if it has none of that name. */
export function sourceFile(
  { url, commit }: Pick<GitSource, 'url' | 'commit'>,
  file: string,
  signal: AbortSignal,
): Promise<string> {
  return output(['--git-dir', mirrorOf(url), 'show', `${commit}:${file}`], signal);
}

/** A value from a file of the commit in the format of git's configuration; empty without one. */
export async function sourceSetting(
  { url, commit }: Pick<GitSource, 'url' | 'commit'>,
  file: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const argv = ['--git-dir', mirrorOf(url), 'config', '--blob', `${commit}:${file}`, '--get', name];
  return (await output(argv, signal)).trim();
}

async function create(
  mirror: string,
  url: string,
  ref: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const part = `${mirror}.cloning-${process.pid}`;
  await rm(part, { recursive: true, force: true });
  await mkdir(path.dirname(mirror), { recursive: true });
  try {
    const failure = (await initialize(part, url, signal)) ?? (await fetchRef(part, ref, signal));
    if (failure === undefined) await rename(part, mirror);
    return failure;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Git's words for servers that send nothing but whole branches: plain files over HTTP, and those before protocol 2. */
const WHOLE_BRANCHES_ONLY = /shallow|not our ref|unadvertised object/;

/**
 * Makes an empty bare repository whose origin is `url`.
 * @returns git's message if it failed.
 */
async function initialize(directory: string, url: string, signal: AbortSignal): Promise<string | undefined> {
  return (
    (await git(['init', '--bare', '--quiet', directory], signal)) ??
    git(['--git-dir', directory, 'remote', 'add', 'origin', url], signal)
  );
}

/**
 * Fetches the commit alone: the artifact's Linux with its history is 1.6 GB.
 * @returns git's message if it failed.
 */
async function fetchRef(mirror: string, ref: string, signal: AbortSignal): Promise<string | undefined> {
  const fetch = ['--git-dir', mirror, 'fetch', '--quiet', '--force'];
  // Without a refmap git would also update a branch of origin, of which it can't keep both a and a/b.
  const one = ['--no-tags', '--refmap=', '--depth=1', 'origin', `${ref}:${keptAs(ref)}`];
  const failure = await git([...fetch, ...one], signal);
  if (failure === undefined || !WHOLE_BRANCHES_ONLY.test(failure)) return failure;
  await git(['--git-dir', mirror, 'update-ref', '-d', keptAs(ref)], signal);
  return git([...fetch, 'origin', 'refs/heads/*:refs/heads/*', 'refs/tags/*:refs/tags/*'], signal);
}

/** The mirror's own name for what a ref was at its last fetch. A hash, because git can't keep both `a` and `a/b`. */
function keptAs(ref: string): string {
  return `refs/nestbench/${hashOf(ref)}`;
}

async function commitOf(mirror: string, ref: string, signal: AbortSignal): Promise<string | undefined> {
  for (const name of [keptAs(ref), ref]) {
    const found = await output(
      ['--git-dir', mirror, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
      signal,
    );
    if (COMMIT.test(found.trim())) return found.trim();
  }
  return undefined;
}

/**
 * @returns git's message if it failed.
 */
async function git(argv: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const { exitCode, stderr } = await run(argv, signal);
  return exitCode === 0 ? undefined : lastLines(stderr);
}

async function output(argv: readonly string[], signal: AbortSignal): Promise<string> {
  return (await run(argv, signal)).stdout;
}

async function run(
  argv: readonly string[],
  signal: AbortSignal,
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await execa('git', [...SAFELY, ...argv], {
    reject: false,
    cancelSignal: signal,
    stdin: 'ignore',
    extendEnv: false,
    env: { ...toolEnvironment(), ...environment() },
  });
  if (signal.aborted) throw aborted(signal, `git ${argv[0] ?? ''}`, { machine: 'host', argv });
  return { exitCode, stdout, stderr };
}

/** Nobody is there to enter a password. */
function environment(): Record<string, string> {
  const { SSH_AUTH_SOCK } = process.env;
  return { GIT_TERMINAL_PROMPT: '0', ...(SSH_AUTH_SOCK !== undefined && { SSH_AUTH_SOCK }) };
}

function unusable(message: string, outputOf: string | undefined): NestbenchError {
  return new UnbuildableError({ message, machine: 'host', output: outputOf });
}
