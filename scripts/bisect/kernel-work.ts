/** The steps of a real bisection: builds a commit in the repository's tree, and measures it with the microbenchmarks. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { loadResults } from '../../reporters/model/load.ts';
import { dropArtefact } from '../../setup/build/cache/build-cache.ts';
import { CommitBuildError, KernelTree, type TreeKernel } from '../../setup/build/kernel/kernel-tree.ts';
import { JOURNAL_FILE } from '../../setup/journal/journal.ts';
import type { Suite } from '../../fixtures/variant.ts';
import type { Outcome, StepWork } from './measure-commit.ts';
import { experimentOf, type Measured, measureKernel } from './measure-kernel.ts';

export interface KernelWorkOptions {
  readonly repository: string;
  readonly suite: Suite;
  readonly benchmarks: readonly string[];
  /** Gets an experiment for each measurement, and the logs. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

export class KernelWork implements StepWork, AsyncDisposable {
  readonly #options: KernelWorkOptions;
  readonly #tree: KernelTree;
  /** The last experiment. */
  #experiment: string | undefined;

  private constructor(options: KernelWorkOptions, tree: KernelTree) {
    this.#options = options;
    this.#tree = tree;
  }

  static async open(options: KernelWorkOptions): Promise<KernelWork> {
    return new KernelWork(options, await KernelTree.open(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropImage();
    await this.#tree[Symbol.asyncDispose]();
  }

  async build(commit: string): Promise<Outcome<TreeKernel>> {
    await this.#dropImage();
    try {
      return { ok: true, value: await this.#tree.build(commit) };
    } catch (error) {
      if (!(error instanceof CommitBuildError)) throw error;
      const { directory } = this.#options;
      const log = path.join('logs', `${commit.slice(0, 12)}-build.log`);
      await mkdir(path.join(directory, 'logs'), { recursive: true });
      await copyFile(this.#tree.log, path.join(directory, log));
      return { ok: false, reason: error.output ?? error.message, log };
    }
  }

  async measure({ vmlinux }: TreeKernel, commit: string, cell: string): Promise<Outcome<Measured>> {
    this.#experiment = experimentOf(this.#options.directory, commit, cell);
    return measureKernel({ ...this.#options, vmlinux, commit, cell });
  }

  /** The guests' image has the kernel in it, so no other kernel will need it. */
  async #dropImage(): Promise<void> {
    if (this.#experiment === undefined) return;
    const image = imageOf(this.#experiment);
    if (image !== undefined) await dropArtefact(`image-${image}`);
    this.#experiment = undefined;
  }
}

function imageOf(experiment: string): string | undefined {
  if (!existsSync(path.join(experiment, JOURNAL_FILE))) return undefined;
  return loadResults(experiment).results.starts.at(-1)?.versions['image'];
}
