/** How every kernel is built, wherever its source comes from: unpacked, patched, configured, compiled. */
import { appendFile, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { UnbuildableError } from '../build-errors.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { compileProgress } from '../compile-progress.ts';
import type { BuildPlace, ToolOptions } from '../tool.ts';
import { unmetOptions } from './kernel-config.ts';

export interface KernelRecipe {
  /** The source, as named in progress and errors. */
  readonly source: string;
  /** Writes the source to the tree, an empty directory. */
  readonly unpack: (run: Run, tree: string) => Promise<void>;
  /** For `patch -p1`, in order. */
  readonly patches: readonly Patch[];
  /** make's target for the options that no line below names. */
  readonly base: string;
  /**
   * The value of an option that only becomes visible through the lines, unless they name it; `off` needs the base
   * `allnoconfig`.
   */
  readonly others: 'off' | 'by default';
  /** Lines that the source may not know. */
  readonly whereKnown: readonly string[];
  /** Lines after those, each of which must take effect. */
  readonly options: readonly string[];
  /** What make builds. */
  readonly targets: readonly string[];
  /** How many lines make prints, if known. */
  readonly steps?: number;
  /** A command that copies what is kept of the tree to its parent directory. */
  readonly keep: readonly string[];
}

export interface Patch {
  readonly name: string;
  readonly text: string;
}

/** Runs a tool in the tree. */
export type Run = (argv: readonly string[], purpose: string, onLine?: ToolOptions['onLine']) => Promise<void>;

/** Keeps everything about the building machine out of the kernel, so that equal inputs give equal bytes. */
export const REPRODUCIBLE = {
  KBUILD_BUILD_USER: 'nestbench',
  KBUILD_BUILD_HOST: 'nestbench',
  KBUILD_BUILD_TIMESTAMP: 'Thu Jan 1 00:00:00 UTC 1970',
};

const TREE = 'linux';

/**
 * Leaves `config` and what the recipe keeps in the workplace's directory.
 * @returns the release, as `uname -r` will print it.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED with the compiler's own errors, or the options that the source does
 * not support.
 */
export async function compileLinux(
  recipe: KernelRecipe,
  place: BuildPlace,
  { task, directory, log, signal }: Workplace,
): Promise<string> {
  const tree = path.join(directory, TREE);
  const tool = { log, signal, cwd: path.join(place.directory, TREE), env: REPRODUCIBLE };
  const run: Run = (argv, purpose, onLine) =>
    place.run(argv, { ...tool, purpose, ...(onLine && { onLine }) });
  await mkdir(tree);
  reportProgress({ task, text: `unpacking ${recipe.source}`, state: 'running', fraction: 0 });
  await recipe.unpack(run, tree);
  await applyPatches(recipe.patches, run, tree);
  reportProgress({ task, text: 'configuring', state: 'running', fraction: 0 });
  await configure(recipe, run, tree);
  await makeLinux(recipe.targets, run, compileProgress(task, { total: recipe.steps }));
  const release = await readRelease(tree);
  await run(recipe.keep, 'packing the kernel');
  await copyFile(path.join(tree, '.config'), path.join(directory, 'config'));
  await rm(tree, { recursive: true });
  reportProgress({ task, text: `${release} is built`, state: 'done', fraction: 1 });
  return release;
}

export async function makeLinux(
  targets: readonly string[],
  run: Run,
  onLine: (line: string) => void,
): Promise<void> {
  // Groups the output by target, so that the output of other jobs does not interrupt an error.
  const make = ['make', `--jobs=${availableParallelism()}`, '--output-sync=target', ...targets];
  await run(make, 'building the kernel', onLine);
}

/** Of a tree that has been built, as `uname -r` will print it. */
export async function readRelease(tree: string): Promise<string> {
  return (await readFile(path.join(tree, 'include/config/kernel.release'), 'utf8')).trim();
}

export function readPatches(files: readonly string[]): Promise<Patch[]> {
  return Promise.all(
    files.map(async (file) => ({ name: path.basename(file), text: await readFile(file, 'utf8') })),
  );
}

async function applyPatches(patches: readonly Patch[], run: Run, tree: string): Promise<void> {
  const file = 'next.patch';
  for (const [index, { name, text }] of patches.entries()) {
    await writeFile(path.join(tree, file), text);
    await run(
      ['patch', '--strip=1', '--forward', `--input=${file}`],
      `applying patch ${index + 1} of ${patches.length} (${name}) to the kernel source`,
    );
    await rm(path.join(tree, file));
  }
}

/**
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED with the options that the source does not support.
 */
async function configure(recipe: KernelRecipe, run: Run, tree: string): Promise<void> {
  const unmet = (await configureLinux(recipe, run, tree)).join('\n');
  if (unmet === '') return;
  throw new UnbuildableError({
    message: `${recipe.source} does not grant these options: its Kconfig does not know them, or what they depend on is off.\n${unmet}`,
    machine: 'host',
    output: unmet,
  });
}

/**
 * @returns a line for each of the options that the source does not grant.
 */
export async function configureLinux(
  { base, others, whereKnown, options }: Pick<KernelRecipe, 'base' | 'others' | 'whereKnown' | 'options'>,
  run: Run,
  tree: string,
): Promise<string[]> {
  const purpose = 'configuring the kernel';
  const config = path.join(tree, '.config');
  const lines = [...whereKnown, ...options, ''].join('\n');
  if (others === 'off') {
    await writeFile(path.join(tree, 'wanted.config'), lines);
    await run(['make', base, 'KCONFIG_ALLCONFIG=wanted.config'], purpose);
  } else {
    await run(['make', base], purpose);
    await appendFile(config, `\n${lines}`);
    await run(['make', 'olddefconfig'], purpose);
  }
  return unmetOptions(options, await readFile(config, 'utf8'));
}
