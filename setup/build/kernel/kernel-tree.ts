/**
 * A kernel's source tree that stays: commits of a repository are built in it one after another with nestbench's
 * configuration, so that only what changed is compiled. It is in the cache, with a git directory of its own that reads
 * the repository's objects. The repository itself is never written to.
 */
import { existsSync, utimesSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Suite } from '../../../fixtures/variant.ts';
import { hashOf } from '../../lib/hash.ts';
import { describeHolders, tryLock } from '../../lib/lock.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import { BuildError, CacheBusyError } from '../build-errors.ts';
import { cacheDirectory, holdCache } from '../cache/build-cache.ts';
import { compileProgress } from '../compile-progress.ts';
import { placeInside } from '../toolchain/inside.ts';
import { DEFAULT_SUITE, type Toolchain, wholeToolchain } from '../toolchain/toolchain.ts';
import { askGit } from '../git-repository.ts';
import { type BuildPlace, runTool } from '../tool.ts';
import { byLaterName, kernelConfig } from './kernel-config.ts';
import { configureLinux, makeLinux, readRelease, REPRODUCIBLE, type Run } from './kernel-recipe.ts';
import { LEFT_OUT, STEPS } from './kernel.ts';

export interface TreeOptions {
  /** The directory of a git repository, absolute. */
  readonly repository: string;
  readonly suite: Suite;
  readonly signal: AbortSignal;
}

export interface TreeKernel {
  /** Stays until the next commit is built. */
  readonly vmlinux: string;
  readonly release: string;
  /** Options of nestbench's that this source does not grant, a line each. */
  readonly leftOut: readonly string[];
}

/** A commit does not compile, which says nothing about others. */
export class CommitBuildError extends BuildError {}

/** In the cache. */
const TREES = 'kernel-trees';
const TASK = 'kernel';

/** Linux 5.10 compiles clocks on x86 whatever its configuration says (PMC_ATOM). */
const LEFT_OUT_HERE = LEFT_OUT.filter((pattern) => pattern !== '*/drivers/clk/*.[ch]');

/** Neither the user's settings of git nor the system's: they may change line ends, or run hooks. */
const PLAIN_GIT = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };

/**
 * How far the marker of a build in progress is behind the clock. No single target takes as long to write, so what a
 * killed build left incomplete is newer than the marker.
 */
const MARGIN_SECONDS = 60;

export class KernelTree implements AsyncDisposable {
  readonly #held: AsyncDisposableStack;
  readonly #directory: string;
  readonly #place: BuildPlace;
  readonly #options: TreeOptions;
  readonly #steps: number;

  private constructor(
    held: AsyncDisposableStack,
    directory: string,
    toolchain: Pick<Toolchain, 'root' | 'suite'>,
    options: TreeOptions,
  ) {
    this.#held = held;
    this.#directory = directory;
    this.#place = placeInside(toolchain, directory);
    this.#steps = STEPS[toolchain.suite];
    this.#options = options;
  }

  /**
   * Takes the tree of this repository and compiler; made with the first build.
   * @throws {CacheBusyError} if another process builds in it.
   */
  static async open(
    options: TreeOptions,
    toolchain?: Pick<Toolchain, 'root' | 'suite'>,
  ): Promise<KernelTree> {
    const { repository, suite, signal } = options;
    await using held = new AsyncDisposableStack();
    held.use(await holdCache(signal));
    const directory = path.join(cacheDirectory(), TREES, hashOf({ repository, suite }));
    await mkdir(directory, { recursive: true });
    const file = `${directory}.lock`;
    const lock = await tryLock(file);
    if (lock === undefined) {
      const message = `Kernels of ${repository} are being built by ${describeHolders(file)}. Wait until that ends, or end it, then start again.`;
      throw new CacheBusyError({ message });
    }
    held.use(lock);
    const whole = toolchain ?? (await wholeToolchain(signal, suite));
    return new KernelTree(held.move(), directory, whole, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held[Symbol.asyncDispose]();
  }

  /** The complete output of the last build. */
  get log(): string {
    return path.join(this.#directory, 'build.log');
  }

  get #tree(): string {
    return path.join(this.#directory, 'linux');
  }

  /** There while a build runs; also after one that was killed. */
  get #marker(): string {
    return path.join(this.#directory, 'building');
  }

  /**
   * @param commit all its digits. The first twelve become part of the release, which shows what a guest booted.
   * @throws {CommitBuildError} if it does not compile; other errors are not the commit's fault.
   */
  async build(commit: string): Promise<TreeKernel> {
    const isFirst = !existsSync(path.join(this.#tree, 'vmlinux'));
    await rm(this.log, { force: true });
    await this.#removeTorn();
    await this.#checkOut(commit);
    const run: Run = (argv, purpose, onLine) =>
      this.#place.run(argv, {
        purpose,
        log: this.log,
        signal: this.#options.signal,
        cwd: path.join(this.#place.directory, path.basename(this.#tree)),
        env: REPRODUCIBLE,
        ...(onLine && { onLine }),
      });
    try {
      reportProgress({ task: TASK, text: 'configuring', state: 'running' });
      const leftOut = await this.#configure(commit, run);
      reportProgress({
        task: TASK,
        text: isFirst ? 'compiling' : 'compiling what changed',
        state: 'running',
      });
      const progress = compileProgress(TASK, { total: isFirst ? this.#steps : undefined });
      await this.#marked(() => makeLinux(['vmlinux'], run, progress));
      await run(['strip', '-o', '../vmlinux', 'vmlinux'], 'packing the kernel');
      const release = await readRelease(this.#tree);
      reportProgress({ task: TASK, text: `${release} is built`, state: 'done' });
      return { vmlinux: path.join(this.#directory, 'vmlinux'), release, leftOut };
    } catch (error) {
      reportProgress({ task: TASK, text: `${commit.slice(0, 12)} was not built`, state: 'done' });
      if (!(error instanceof BuildError)) throw error;
      const { message, output, cause } = error;
      throw new CommitBuildError({ message, output, cause, machine: 'host' });
    }
  }

  /** Options that the source does not grant are left out: which there are differs from version to version. */
  async #configure(commit: string, run: Run): Promise<string[]> {
    const options = await kernelConfig(DEFAULT_SUITE, 'emulated');
    // What later versions no longer have as an option.
    const older = (await kernelConfig('bookworm', 'emulated')).filter((line) => !options.includes(line));
    const own = options.filter((line) => !line.startsWith('CONFIG_LOCALVERSION='));
    const release = `CONFIG_LOCALVERSION="-nestbench-${commit.slice(0, 12)}"`;
    const recipe = {
      base: 'allnoconfig',
      others: 'off',
      whereKnown: [...older, ...byLaterName(own)],
      options: [...own, release],
    } as const;
    return configureLinux(recipe, run, this.#tree);
  }

  /** Marks the tree as being built. make removes what a failed target left, but not what a killed one did. */
  async #marked(work: () => Promise<void>): Promise<void> {
    await writeFile(this.#marker, '');
    const touch = (): void => {
      const seconds = Date.now() / 1000 - MARGIN_SECONDS;
      utimesSync(this.#marker, seconds, seconds);
    };
    touch();
    const beat = setInterval(touch, (MARGIN_SECONDS * 1000) / 2);
    try {
      await work();
      await rm(this.#marker);
    } catch (error) {
      if (error instanceof BuildError) await rm(this.#marker);
      throw error;
    } finally {
      clearInterval(beat);
    }
  }

  /** Removes what a killed build may have left incomplete, source files too: the checkout restores those. */
  async #removeTorn(): Promise<void> {
    if (!existsSync(this.#marker)) return;
    await runTool(['find', this.#tree, '-type', 'f', '-newer', this.#marker, '-delete'], {
      purpose: 'removing what a killed build left',
      log: this.log,
      signal: this.#options.signal,
    });
    await rm(this.#marker);
  }

  async #checkOut(commit: string): Promise<void> {
    const git = path.join(this.#directory, 'git');
    reportProgress({ task: TASK, text: `checking out ${commit.slice(0, 12)}`, state: 'running' });
    await mkdir(this.#tree, { recursive: true });
    const say = async (...argv: string[]): Promise<void> => {
      const tool = { log: this.log, signal: this.#options.signal, env: PLAIN_GIT };
      await runTool(['git', '--git-dir', git, '--work-tree', this.#tree, ...argv], {
        ...tool,
        purpose: `checking out ${commit} of ${this.#options.repository}`,
      });
    };
    if (!existsSync(path.join(git, 'HEAD'))) await say('init', '--quiet');
    await this.#share(git);
    // Of a git that was killed. This process holds the tree, so no other runs.
    await rm(path.join(git, 'index.lock'), { force: true });
    await say('-c', 'core.sparseCheckout=true', 'checkout', '--quiet', '--force', '--detach', commit);
  }

  /** Reads the repository's objects where they are, and leaves out the files that no option selects. */
  async #share(git: string): Promise<void> {
    const { repository, signal } = this.#options;
    const pathOf = (name: string): Promise<string> =>
      askGit(repository, ['rev-parse', '--path-format=absolute', '--git-path', name], signal);
    await mkdir(path.join(git, 'objects/info'), { recursive: true });
    await mkdir(path.join(git, 'info'), { recursive: true });
    await writeFile(path.join(git, 'objects/info/alternates'), `${await pathOf('objects')}\n`);
    await writeFile(path.join(git, 'info/sparse-checkout'), sparsePatterns(LEFT_OUT_HERE).join('\n'));
    const shallow = await pathOf('shallow');
    if (existsSync(shallow)) await copyFile(shallow, path.join(git, 'shallow'));
  }
}

/** tar's patterns of files to leave out, whose `*` crosses directories, as git's (git-sparse-checkout(1)). */
export function sparsePatterns(leftOut: readonly string[]): string[] {
  return ['/*', ...leftOut.map((pattern) => `!${pattern.slice(1).replace(/\/\*/, '/**/*')}`), ''];
}
