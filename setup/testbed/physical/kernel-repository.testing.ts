/** A git repository with a kernel's source, like a KVM developer's, made from Debian 12's linux-source. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { KernelSource } from '../../../fixtures/testbed-description.ts';
import { cached } from '../../build/cache/build-cache.ts';
import { kernelConfig } from '../../build/kernel/kernel-config.ts';
import { LEFT_OUT } from '../../build/kernel/kernel.ts';
import { buildToolchain, kernelSource } from '../../build/toolchain/toolchain.ts';
import { runTool } from '../../build/tool.ts';

/** Nothing time-dependent gets into the commit, so that its builds are found again. */
export const SOMEBODY = {
  GIT_AUTHOR_NAME: 'nestbench',
  GIT_AUTHOR_EMAIL: 'nestbench@localhost',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'nestbench',
  GIT_COMMITTER_EMAIL: 'nestbench@localhost',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

/** The branch, after whose first dash the kernel is named. */
const BRANCH = 'v6.1-nested';

/** What a kernel that boots Debian from its own disk needs in addition to nestbench's. */
const FOR_DISKS = [
  ['CONFIG_MODULES=y', 'CONFIG_MODULE_UNLOAD=y', 'CONFIG_SWAP=y'],
  ['CONFIG_BLK_DEV_INITRD=y', 'CONFIG_RD_ZSTD=y', 'CONFIG_RD_GZIP=y', 'CONFIG_BLK_DEV_LOOP=y'],
  [
    'CONFIG_FHANDLE=y',
    'CONFIG_CGROUPS=y',
    'CONFIG_TMPFS_XATTR=y',
    'CONFIG_NAMESPACES=y',
    'CONFIG_HUGETLBFS=y',
  ],
].flat();
/** One of a choice with another default: set once, it takes effect; set after the default, it does not. */
const NOT_TWICE = /UNWINDER_GUESS/;

/** The change in it: the files of a DVH kernel (listed in fixtures/configurations/dvh.ts), without the mechanisms. */
const KNOBS = String.raw`cat >arch/x86/kernel/dvh.c <<'END'
#include <linux/debugfs.h>
#include <linux/init.h>

static bool knobs[4];

static int __init dvh_knobs(void)
{
	struct dentry *directory = debugfs_create_dir("dvh", NULL);

	debugfs_create_bool("virtual_ipi", 0644, directory, &knobs[0]);
	debugfs_create_bool("virtual_timer", 0644, directory, &knobs[1]);
	debugfs_create_bool("virtual_idle", 0644, directory, &knobs[2]);
	debugfs_create_bool("fs_base", 0644, directory, &knobs[3]);
	return 0;
}
late_initcall(dvh_knobs);
END
echo 'obj-y += dvh.o' >>arch/x86/kernel/Makefile`;

export async function kernelRepository(signal: AbortSignal): Promise<KernelSource> {
  const source = kernelSource(await buildToolchain(signal, 'bookworm'));
  const { directory } = await cached({
    name: 'kernel-repository',
    inputs: {
      recipe: 2,
      package: source.package,
      version: source.version,
      leftOut: LEFT_OUT,
      knobs: KNOBS,
    },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      const tree = path.join(place, 'linux');
      mkdirSync(tree);
      const tool = { log, signal: within, cwd: tree, env: SOMEBODY, purpose: 'making a kernel repository' };
      const leftOut = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
      await runTool(
        ['tar', '--extract', `--file=${source.tarball}`, '--strip-components=1', ...leftOut],
        tool,
      );
      await runTool(['sh', '-eu', '-c', KNOBS], tool);
      await runTool(['git', 'init', '--quiet', `--initial-branch=${BRANCH}`], tool);
      // Including what the source's own .gitignore names.
      await runTool(['git', 'add', '--all', '--force', '.'], tool);
      await runTool(['git', 'commit', '--quiet', '--message', source.version], tool);
      await runTool(['sh', '-c', 'mv .git ../repository && cd .. && rm -r linux'], tool);
      return {};
    },
  });
  const ours = await kernelConfig('bookworm', 'physical');
  const config = ours.filter(
    (line) => /^(CONFIG_\w+=\S+|# CONFIG_\w+ is not set)$/.test(line) && !NOT_TWICE.test(line),
  );
  return {
    url: path.join(directory, 'repository'),
    ref: BRANCH,
    defconfig: 'allnoconfig',
    config: [...config, ...FOR_DISKS],
  };
}
