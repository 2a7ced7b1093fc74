/** How every QEMU is built, wherever its source comes from: unpacked, configured, compiled. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { reportProgress } from '../../lib/task-progress.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { compileProgress } from '../compile-progress.ts';
import type { BuildPlace } from '../tool.ts';

export interface QemuRecipe {
  /** The source, as progress names it. */
  readonly source: string;
  /** Writes the source to the tree, a directory that does not exist yet; `run` starts in its parent. */
  readonly unpack: (run: Run, tree: string) => Promise<void>;
  readonly configure: readonly string[];
  /** Compiles it, in the tree's directory build. */
  readonly compile: readonly string[];
  /** How long linking takes, as a number of steps of compiling; by default it is one. */
  readonly linkIsWorth?: number;
  /** Copies what is kept to the tree's parent, and removes the tree. */
  readonly keep: readonly string[];
}

type Run = (argv: readonly string[], purpose: string) => Promise<void>;

/** In the workplace's directory. */
const TREE = 'qemu';

/**
 * Leaves what the recipe keeps in the workplace's directory.
 * @returns the version that the source names.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED with the tools' own errors.
 */
export async function compileQemu(
  recipe: QemuRecipe,
  place: BuildPlace,
  { task, directory, log, signal }: Workplace,
): Promise<string> {
  const tree = path.join(directory, TREE);
  const outside = { log, signal, cwd: place.directory };
  const inBuild = { log, signal, cwd: path.join(place.directory, TREE, 'build') };
  const run: Run = (argv, purpose) => place.run(argv, { ...outside, purpose });
  reportProgress({ task, text: `unpacking ${recipe.source}`, state: 'running', fraction: 0 });
  await recipe.unpack(run, tree);
  await mkdir(path.join(tree, 'build'), { recursive: true });
  reportProgress({ task, text: 'configuring', state: 'running', fraction: 0 });
  await place.run(['../configure', ...recipe.configure], { ...inBuild, purpose: 'configuring QEMU' });
  const onLine = compileProgress(task, { lastIsWorth: recipe.linkIsWorth });
  await place.run(recipe.compile, { ...inBuild, purpose: 'building QEMU', onLine });
  const version = (await readFile(path.join(tree, 'VERSION'), 'utf8')).trim();
  reportProgress({ task, text: 'tidying up', state: 'running', fraction: 1 });
  await run(recipe.keep, 'collecting QEMU');
  reportProgress({ task, text: `QEMU ${version} is built`, state: 'done', fraction: 1 });
  return version;
}
