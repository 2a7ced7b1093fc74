/**
 * Source from git: a mirror in the cache, what a ref means resolved to a commit, and that commit's files laid out without .git,
 * submodules at the commits that it pins. git keeps those in the mirror too, so that a commit is fetched once.
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
  /** What was asked for. */
  readonly ref: string;
  /** What that was when it was asked for. */
  readonly commit: string;
}

const COMMIT = /^[0-9a-f]{40}$/;

/** No transport that runs a command of the URL's (git-config(1), protocol.allow). */
const SAFELY = ['-c', 'protocol.ext.allow=never'];

function mirrorOf(url: string): string {
  return path.join(cacheDirectory(), 'mirrors', `${hashOf(url)}.git`);
}

/**
 * What `ref` means in the repository at `url` now. A commit that the mirror has is not asked for again.
 * @param say told where the repository can't be reached and the mirror's last word is taken.
 * @throws NESTBENCH_BUILD_FAILED, kind configuration, where the repository or the ref is not to be had.
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
    say(
      `${url} can't be reached, so ${ref} is what it was when it last could: ${known}. git says: ${failure}`,
    );
    return { url, ref, commit: known };
  }
  if (failure !== undefined) throw unusable(`${url} can't be cloned. git says:\n${failure}`, failure);
  const commit = await commitOf(mirror, ref, signal);
  if (commit !== undefined) return { url, ref, commit };
  throw unusable(`${url} has no branch, tag or commit ${ref}.`, undefined);
}

/** Of a repository that is on another continent: it lists its refs and sends nothing of them. */
const LOOK_UP_SECONDS = 60;

/**
 * Whether the repository answers and has the ref, without fetching anything.
 * @returns what the ref is there, or why it is not to be had.
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
    // A commit that no branch ends with is seen only once it is fetched.
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
 * Lays out the commit's files in `directory`, which comes to be.
 * @param options `without`: submodules below are left out.
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

/** A file of the commit; empty where it has none of that name. */
export function sourceFile(
  { url, commit }: Pick<GitSource, 'url' | 'commit'>,
  file: string,
  signal: AbortSignal,
): Promise<string> {
  return output(['--git-dir', mirrorOf(url), 'show', `${commit}:${file}`], signal);
}

/** A value in a file of the commit that is written as git's configuration is; empty where it has none. */
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

/** @returns what git said, where it failed. */
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

/** Nobody is there to type a password. */
function environment(): Record<string, string> {
  const { SSH_AUTH_SOCK } = process.env;
  return { GIT_TERMINAL_PROMPT: '0', ...(SSH_AUTH_SOCK !== undefined && { SSH_AUTH_SOCK }) };
}

function unusable(message: string, outputOf: string | undefined): NestbenchError {
  return new UnbuildableError({ message, machine: 'host', output: outputOf });
}
