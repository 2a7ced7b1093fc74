/** Builds a kernel from git for machines that boot by themselves: its bzImage, and its modules as an archive. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { GitKernel } from '../../../fixtures/git-kernel.ts';
import type { KernelSource, TestbedDescription } from '../../../fixtures/testbed.ts';
import { NestbenchError } from '../../lib/errors.ts';
import { FOR_KERNEL_PACKAGES } from '../package-list.ts';
import { ensurePackages } from '../host-packages.ts';
import { tell } from '../../lib/task-progress.ts';
import { cached, type Workplace } from '../cache/build-cache.ts';
import { type BuildPlace, chooseBuilder } from '../builder/builder.ts';
import { exportSource, type GitSource, resolveSource, sourceFile } from '../git-source.ts';
import { unmetOptions } from './kernel-config.ts';
import { REPRODUCIBLE } from './kernel.ts';
import { makeProgress } from '../make-progress.ts';
import { runTool, type ToolOptions } from '../tool.ts';

/** A kernel as it is built for machines that boot by themselves. */
export interface KernelPackage {
  /** As `uname -r` will have it. */
  readonly release: string;
  /** The bzImage. */
  readonly image: string;
  /** Its configuration, by which an initramfs is made that it can read. */
  readonly config: string;
  /** A tar.gz whose root has lib/modules/RELEASE. */
  readonly modules: string;
}

/** To be raised whenever the steps below change what they make. */
const RECIPE = 1;

/**
 * What stands behind the version, as the artifact has it: the branch's name after its first dash, so that
 * v4.18-dvh-L0-asplos boots as 4.18.0-dvh-L0-asplos. Of a ref without one, all of it.
 */
export function localVersionOf({ ref, localVersion }: Pick<KernelSource, 'ref' | 'localVersion'>): string {
  const behind = /^[^-]+-(.+)$/.exec(ref)?.[1] ?? ref;
  return (localVersion ?? behind).replaceAll(/[^\w.-]/g, '-').slice(0, 40);
}

/**
 * The kernel from the cache, or built now.
 * @param where it is built; `dockerfiles` as chooseBuilder has them.
 * @throws NESTBENCH_BUILD_FAILED: kind configuration, at once, where the compiler there can't build this source.
 */
export async function buildKernelPackage(
  wanted: GitKernel,
  signal: AbortSignal,
  say: (sentence: string) => void,
  where: TestbedDescription['builder'] = 'host',
  dockerfiles?: string,
): Promise<KernelPackage & { readonly hash: string; readonly commit: string }> {
  const source = await resolveSource(wanted, signal, say);
  const makefile = await sourceFile(source, 'Makefile', signal);
  const builder = await chooseBuilder(
    where,
    isVintage(makefile) ? 'vintage' : 'current',
    signal,
    say,
    dockerfiles,
  );
  const inputs = {
    recipe: RECIPE,
    commit: source.commit,
    compiler: builder.identity,
    defconfig: wanted.defconfig ?? 'defconfig',
    config: [...(wanted.configWhereKnown ?? []), ...(wanted.config ?? [])],
    localVersion: localVersionOf(wanted),
  };
  const { directory, hash, facts } = await cached({
    name: 'kernel-package',
    inputs,
    signal,
    build: async (workplace) => {
      if (builder.kind === 'host') await ensurePackages(workplace.signal, FOR_KERNEL_PACKAGES);
      await using place = await builder.open(workplace.directory, workplace.signal);
      const main = await sourceFile(source, 'init/main.c', workplace.signal);
      const fault = compilerFault(makefile, main, place.gcc);
      if (fault !== undefined)
        throw new NestbenchError('NESTBENCH_BUILD_FAILED', 'configuration', `${fault}.`, { machine: 'host' });
      return await compilePackage(source, wanted, place, workplace);
    },
  });
  return {
    release: facts['release'] ?? '',
    image: path.join(directory, 'bzImage'),
    config: path.join(directory, 'config'),
    modules: path.join(directory, 'modules.tar.gz'),
    hash,
    commit: source.commit,
  };
}

/** What that commit put at the end of start_kernel. */
const MENDED = /prevent_tail_call_optimization\(\)/;

/**
 * GCC 10 and later keep a stack canary in start_secondary and cpu_startup_entry, in which the canary changes: kernels before
 * 5.7 panic as they boot ("x86: Fix early boot crash on gcc-10", commit a9a3ed1eff36), but for stable branches that took it.
 * @param main the source's init/main.c.
 */
export function compilerFault(makefile: string, main: string, gcc: string): string | undefined {
  const major = Number(gcc.split('.')[0]);
  if (!isVintage(makefile) || MENDED.test(main) || major < 10) return undefined;
  const { version, patchLevel } = versionOf(makefile);
  return `Linux ${version}.${patchLevel} does not boot when GCC ${gcc} built it (its 5.7 is the first that does): use GCC 9 or older, as the builder container has it`;
}

/** Whether it is of before the mend; a stable branch may have it all the same. */
function isVintage(makefile: string): boolean {
  const { version, patchLevel } = versionOf(makefile);
  return version < 5 || (version === 5 && patchLevel < 7);
}

function versionOf(makefile: string): { version: number; patchLevel: number } {
  const number = (key: string): number =>
    Number(new RegExp(`^${key} = (\\d+)`, 'm').exec(makefile)?.[1] ?? 0);
  return { version: number('VERSION'), patchLevel: number('PATCHLEVEL') };
}

async function compilePackage(
  source: GitSource,
  wanted: GitKernel,
  place: BuildPlace,
  { directory, log, signal }: Workplace,
): Promise<{ release: string; commit: string; url: string; ref: string; compiler: string }> {
  const tree = path.join(directory, 'linux');
  const tool: Omit<ToolOptions, 'purpose'> = { log, signal, cwd: tree, env: REPRODUCIBLE };
  const task = 'kernel package';
  tell({ task, text: `laying out ${source.commit.slice(0, 12)}`, state: 'running', fraction: 0 });
  await exportSource(source, tree, { log, signal });
  tell({ task, text: 'configuring', state: 'running', fraction: 0 });
  const { defconfig = 'defconfig', config = [], configWhereKnown = [] } = wanted;
  await place.run(['make', defconfig], { ...tool, purpose: 'configuring the kernel' });
  const file = path.join(tree, '.config');
  const localVersion = `CONFIG_LOCALVERSION="-${localVersionOf(wanted)}"`;
  // The last of two lines holds.
  const added = [...config, localVersion, '# CONFIG_LOCALVERSION_AUTO is not set'];
  const lines = [...configWhereKnown, ...added];
  await writeFile(file, `${await readFile(file, 'utf8')}\n${lines.join('\n')}\n`);
  await place.run(['make', 'olddefconfig'], { ...tool, purpose: 'configuring the kernel' });
  const unmet = unmetOptions(added.join('\n'), await readFile(file, 'utf8'));
  if (unmet.length > 0) {
    throw new NestbenchError(
      'NESTBENCH_BUILD_FAILED',
      'configuration',
      `The kernel at ${source.ref} does not grant ${unmet.join(', ')}: its Kconfig does not know them, or what they depend on is off.`,
      { machine: 'host', output: unmet.join('\n') },
    );
  }
  await place.run(
    ['make', `--jobs=${availableParallelism()}`, '--output-sync=target', 'bzImage', 'modules'],
    { ...tool, purpose: 'building the kernel', onLine: makeProgress(task) },
  );
  const release = (await readFile(path.join(tree, 'include/config/kernel.release'), 'utf8')).trim();
  const staging = path.join(directory, 'staging');
  await mkdir(path.join(staging, 'lib/modules', release), { recursive: true });
  const hasModules = /^CONFIG_MODULES=y$/m.test(await readFile(file, 'utf8'));
  // Without the links to this host's source tree.
  if (hasModules) {
    await place.run(['make', `INSTALL_MOD_PATH=${staging}`, 'INSTALL_MOD_STRIP=1', 'modules_install'], {
      ...tool,
      purpose: "installing the kernel's modules",
    });
  } else {
    for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
      await writeFile(path.join(staging, 'lib/modules', release, name), '');
    }
  }
  for (const link of ['build', 'source']) {
    await rm(path.join(staging, 'lib/modules', release, link), { recursive: true, force: true });
  }
  await runTool(
    [
      'tar',
      '--create',
      '--gzip',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      `--file=${directory}/modules.tar.gz`,
      'lib',
    ],
    { ...tool, cwd: staging, purpose: "packing the kernel's modules" },
  );
  await copyFile(path.join(tree, 'arch/x86/boot/bzImage'), path.join(directory, 'bzImage'));
  await copyFile(file, path.join(directory, 'config'));
  await rm(tree, { recursive: true });
  await rm(staging, { recursive: true });
  tell({ task, text: `${release} is built`, state: 'done', fraction: 1 });
  return { release, commit: source.commit, url: source.url, ref: source.ref, compiler: `gcc ${place.gcc}` };
}
