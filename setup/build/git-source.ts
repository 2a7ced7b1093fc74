/**
 * Source from git: a mirror in the cache, a ref resolved to a commit, and that commit's files without .git, with
 * submodules at their pinned commits. The mirror keeps those too, so that a commit is only downloaded once.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { NestbenchError } from '../lib/errors.ts';
import { aborted, lastLines } from '../lib/error-text.ts';
import { UnbuildableError } from './build-errors.ts';
import { takeLock } from '../lib/lock.ts';
import { cacheDirectory } from './cache/build-cache.ts';
import { hashOf } from '../lib/hash.ts';
import { runTool, toolEnvironment, type ToolOptions } from './tool.ts';

/** A commit of a repository. */
export interface GitSource {
  readonly url: string;
  /** The requested ref. */
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
    ? await git(['--git-dir', mirror, 'fetch', '--prune', '--quiet', 'origin'], signal)
    : await clone(url, mirror, signal);
  if (failure !== undefined && known !== undefined) {
    say(`${url} can't be reached, so ${ref} is the last known commit: ${known}. git says: ${failure}`);
    return { url, ref, commit: known };
  }
  if (failure !== undefined) throw unusable(`${url} can't be cloned. git says:\n${failure}`, failure);
  const commit = await commitOf(mirror, ref, signal);
  if (commit !== undefined) return { url, ref, commit };
  throw unusable(`${url} has no branch, tag or commit ${ref}.`, undefined);
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

/**
 * Writes the commit's files to `directory`, which is created.
 * @param options `without`: leaves out submodules below this path.
 */
export async function exportSource(
  { url, commit }: Pick<GitSource, 'url' | 'commit'>,
  directory: string,
  { without, ...options }: Omit<ToolOptions, 'purpose' | 'cwd' | 'env'> & { readonly without?: string },
): Promise<void> {
  const mirror = mirrorOf(url);
  const tool = { ...options, cwd: directory, env: environment(), purpose: `laying out ${url}` };
  const there = ['git', '--git-dir', mirror, '--work-tree', directory, ...SAFELY];
  // git takes no submodule from a path of this host (git-config(1), protocol.allow); a repository that is one may have such.
  const local = /^(file:|[^:]+(\/|$))/.test(url) ? ['-c', 'protocol.file.allow=always'] : [];
  const active = ['.', ...(without === undefined ? [] : [`:(exclude)${without}`])];
  const modules = active.flatMap((paths) => ['-c', `submodule.active=${paths}`]);
  await mkdir(directory, { recursive: true });
  // The mirror has one index.
  await using _ = await takeLock(`${mirror}.lock`, { signal: tool.signal });
  await runTool([...there, 'read-tree', '--reset', '-u', commit], tool);
  await runTool(
    [...there, ...local, ...modules, 'submodule', 'update', '--quiet', '--init', '--recursive', '--force'],
    tool,
  );
  await runTool(['find', '.', '-name', '.git', '-type', 'f', '-delete'], tool);
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

async function clone(url: string, mirror: string, signal: AbortSignal): Promise<string | undefined> {
  const part = `${mirror}.cloning-${process.pid}`;
  await rm(part, { recursive: true, force: true });
  await mkdir(path.dirname(mirror), { recursive: true });
  try {
    const failure = await git(['clone', '--mirror', '--quiet', '--', url, part], signal);
    if (failure === undefined) await rename(part, mirror);
    return failure;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function commitOf(mirror: string, ref: string, signal: AbortSignal): Promise<string | undefined> {
  const found = await output(
    ['--git-dir', mirror, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    signal,
  );
  return COMMIT.test(found.trim()) ? found.trim() : undefined;
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
