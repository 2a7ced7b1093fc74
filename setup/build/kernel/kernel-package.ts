/** Builds a kernel from git for machines that boot by themselves: its bzImage, and its modules as an archive. */
import path from 'node:path';
import type { GitKernel } from '../../../fixtures/git-kernel.ts';
import type { KernelSource, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { UnbuildableError } from '../build-errors.ts';
import { FOR_KERNEL_PACKAGES } from '../package-list.ts';
import { cached, type Workplace } from '../cache/build-cache.ts';
import { chooseBuilder } from '../builder/builder.ts';
import { exportSource, type GitSource, resolveSource, sourceFile } from '../git-source.ts';
import { compileLinux, type KernelRecipe } from './kernel-recipe.ts';

/** A kernel for machines that boot by themselves. */
export interface KernelPackage {
  /** As `uname -r` will print it. */
  readonly release: string;
  /** The bzImage. */
  readonly image: string;
  /** Its configuration, from which an initramfs is made that it can read. */
  readonly config: string;
  /** A tar.gz whose root has lib/modules/RELEASE. */
  readonly modules: string;
}

/** Increase it whenever the steps below change their result. */
const RECIPE = 1;

/**
 * The suffix of the version, as in the artifact: the branch's name after its first dash, so that v4.18-dvh-L0-asplos
 * boots as 4.18.0-dvh-L0-asplos. Without a dash, the whole ref.
 */
export function localVersionOf({ ref, localVersion }: Pick<KernelSource, 'ref' | 'localVersion'>): string {
  const behind = /^[^-]+-(.+)$/.exec(ref)?.[1] ?? ref;
  return (localVersion ?? behind).replaceAll(/[^\w.-]/g, '-').slice(0, 40);
}

/**
 * The kernel from the cache, or built now.
 * @param where the builder; `dockerfiles` as in chooseBuilder.
 * @throws NESTBENCH_BUILD_FAILED: kind configuration, at once, if the builder's compiler can't build this source.
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
      const place = await builder.open(workplace, FOR_KERNEL_PACKAGES);
      const main = await sourceFile(source, 'init/main.c', workplace.signal);
      const fault = compilerFault(makefile, main, place.gcc);
      if (fault !== undefined) throw new UnbuildableError({ message: `${fault}.`, machine: 'host' });
      const release = await compileLinux(recipeOf(source, wanted, workplace), place, workplace);
      const { commit, url, ref } = source;
      return { release, commit, url, ref, compiler: `gcc ${place.gcc}` };
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

/** What that commit added at the end of start_kernel. */
const FIXED = /prevent_tail_call_optimization\(\)/;

/**
 * GCC 10 and later keep a stack canary in start_secondary and cpu_startup_entry, in which the canary changes: kernels
 * before 5.7 panic when they boot ("x86: Fix early boot crash on gcc-10", commit a9a3ed1eff36), except stable branches
 * with that commit.
 * @param main the source's init/main.c.
 */
export function compilerFault(makefile: string, main: string, gcc: string): string | undefined {
  const major = Number(gcc.split('.')[0]);
  if (!isVintage(makefile) || FIXED.test(main) || major < 10) return undefined;
  const { version, patchLevel } = versionOf(makefile);
  return `Linux ${version}.${patchLevel} does not boot when GCC ${gcc} built it (5.7 is the first that does): use GCC 9 or older, as the builder container has it`;
}

/** Whether it is older than the fix; a stable branch may have it nevertheless. */
function isVintage(makefile: string): boolean {
  const { version, patchLevel } = versionOf(makefile);
  return version < 5 || (version === 5 && patchLevel < 7);
}

function versionOf(makefile: string): { version: number; patchLevel: number } {
  const number = (key: string): number =>
    Number(new RegExp(`^${key} = (\\d+)`, 'm').exec(makefile)?.[1] ?? 0);
  return { version: number('VERSION'), patchLevel: number('PATCHLEVEL') };
}

/**
 * Copies the image and the modules next to the tree; for a kernel without modules, with empty lists of them. The links
 * point into the tree, which is removed.
 */
const KEEP = `modules=staging/lib/modules/$(cat include/config/kernel.release)
mkdir -p "$modules"
if grep -q ^CONFIG_MODULES=y .config; then
  make INSTALL_MOD_PATH="$PWD/staging" INSTALL_MOD_STRIP=1 modules_install
else
  touch "$modules/modules.order" "$modules/modules.builtin" "$modules/modules.builtin.modinfo"
fi
rm -rf "$modules/build" "$modules/source"
tar --create --gzip --owner=0 --group=0 --numeric-owner --directory=staging --file=../modules.tar.gz lib
cp arch/x86/boot/bzImage ..`;

function recipeOf(source: GitSource, wanted: GitKernel, tool: Omit<Workplace, 'directory'>): KernelRecipe {
  const { defconfig = 'defconfig', config = [], configWhereKnown = [] } = wanted;
  const localVersion = `CONFIG_LOCALVERSION="-${localVersionOf(wanted)}"`;
  return {
    source: `${source.ref} (${source.commit.slice(0, 12)})`,
    unpack: (_, tree) => exportSource(source, tree, tool),
    patches: [],
    base: defconfig,
    others: 'by default',
    whereKnown: configWhereKnown,
    options: [...config, localVersion, '# CONFIG_LOCALVERSION_AUTO is not set'],
    targets: ['bzImage', 'modules'],
    keep: ['sh', '-euc', KEEP],
  };
}
