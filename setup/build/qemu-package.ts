/**
 * Builds a QEMU from git for the levels of a physical testbed: one program, which runs guests with KVM and takes its
 * firmware from the image.
 */
import { chmod, copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { QemuSource, TestbedDescription } from '../../fixtures/testbed.ts';
import { NestbenchError } from '../errors.ts';
import { tell } from '../progress.ts';
import { type BuildPlace, chooseBuilder } from './builder.ts';
import { cached, type Workplace } from './cache.ts';
import { exportSource, type GitSource, resolveSource, sourceFile } from './git-source.ts';
import { ninjaProgress } from './ninja-progress.ts';

interface QemuPackage {
  readonly program: string;
  /** As its VERSION file has it. */
  readonly version: string;
  readonly commit: string;
  readonly hash: string;
}

/** To be raised whenever the steps below change what they make. */
const RECIPE = 1;
const PROGRAM = 'qemu-system-x86_64';

/** The first whose configure takes all options of Meson's as flags of its own. */
const OLDEST = [6, 2] as const;

/**
 * All devices, and of the features around them what a level's guest uses: whatever else the builder has libraries for, the
 * image need not have them.
 */
const CONFIGURE = [
  '--target-list=x86_64-softmmu',
  '--prefix=/opt/nestbench',
  '--disable-install-blobs',
  '--firmwarepath=/usr/share/qemu:/usr/share/seabios',
  '--without-default-features',
  '--enable-system',
  '--enable-kvm',
  '--enable-tcg',
  '--enable-vhost-kernel',
  '--enable-vhost-net',
  '--enable-fdt=system',
];
/** What Meson would fetch while it builds, where there is no network (QEMU's subprojects/*.wrap, from 8.1 on). */
const WRAPS = ['keycodemapdb'];

/**
 * The QEMU from the cache, or built now.
 * @throws NESTBENCH_BUILD_FAILED with the tools' own errors.
 */
export async function buildQemuPackage(
  wanted: QemuSource,
  signal: AbortSignal,
  say: (sentence: string) => void,
  where: TestbedDescription['builder'],
): Promise<QemuPackage> {
  const source = await resolveSource(wanted, signal, say);
  const version = (await sourceFile(source, 'VERSION', signal)).trim();
  if (isTooOld(version)) {
    throw new NestbenchError(
      'NESTBENCH_BUILD_FAILED',
      'configuration',
      `QEMU ${version} (${source.ref} of ${source.url}) is older than ${OLDEST.join('.')}, whose configure is the first that takes nestbench's flags.`,
      { machine: 'host' },
    );
  }
  const builder = await chooseBuilder(where, 'current', signal, say);
  const configure = [...CONFIGURE, ...(wanted.configure ?? [])];
  const { directory, hash } = await cached({
    name: 'qemu-package',
    inputs: { recipe: RECIPE, commit: source.commit, compiler: builder.identity, configure },
    signal,
    build: async (workplace) => {
      await using place = await builder.open(workplace.directory, workplace.signal);
      await compilePackage(source, configure, place, workplace);
      return {
        version,
        commit: source.commit,
        url: source.url,
        ref: source.ref,
        compiler: `gcc ${place.gcc}`,
      };
    },
  });
  return { program: path.join(directory, PROGRAM), version, commit: source.commit, hash };
}

/** @param version as 7.2.22; one that is no number is no reason to refuse. */
export function isTooOld(version: string): boolean {
  const [, major = 'NaN', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
}

async function compilePackage(
  source: GitSource,
  configure: readonly string[],
  place: BuildPlace,
  { directory, log, signal }: Workplace,
): Promise<void> {
  const task = 'QEMU package';
  tell({ task, text: `laying out ${source.commit.slice(0, 12)}`, state: 'running', fraction: 0 });
  const tree = path.join(directory, 'qemu');
  await exportSource(source, tree, { log, signal });
  await exportWraps(source, tree, { log, signal });
  tell({ task, text: 'configuring', state: 'running', fraction: 0 });
  const build = path.join(tree, 'build');
  await mkdir(build, { recursive: true });
  const tool = { log, signal, cwd: build };
  await place.run(['../configure', ...configure], { ...tool, purpose: 'configuring QEMU' });
  await place.run(['make', `--jobs=${availableParallelism()}`], {
    ...tool,
    purpose: 'building QEMU',
    onLine: ninjaProgress(task, 'compiling'),
  });
  await place.run(['strip', '-o', path.join(directory, PROGRAM), path.join(build, PROGRAM)], {
    ...tool,
    purpose: 'stripping QEMU',
  });
  await chmod(path.join(directory, PROGRAM), 0o755);
  await copyFile(path.join(build, 'config.log'), path.join(directory, 'config.log')).catch(() => {});
  for (const name of await readdir(directory)) {
    if (name !== PROGRAM && name !== 'config.log') await rm(path.join(directory, name), { recursive: true });
  }
  tell({ task, text: 'it is built', state: 'done', fraction: 1 });
}

/** Lays out, at the commit that its wrap file pins, what Meson would clone. */
async function exportWraps(
  source: GitSource,
  tree: string,
  tool: { readonly log: string; readonly signal: AbortSignal },
): Promise<void> {
  for (const name of WRAPS) {
    const wrap = parseWrap(await sourceFile(source, `subprojects/${name}.wrap`, tool.signal));
    if (wrap === undefined) continue;
    const pinned = await resolveSource(wrap, tool.signal, () => {});
    await exportSource(pinned, path.join(tree, 'subprojects', name), tool);
  }
}

/** What a wrap file for git names (Meson's manual, Wrap dependency system). */
export function parseWrap(text: string): { url: string; ref: string } | undefined {
  const url = /^url\s*=\s*(\S+)\s*$/m.exec(text)?.[1];
  const ref = /^revision\s*=\s*(\S+)\s*$/m.exec(text)?.[1];
  return /^\[wrap-git\]/m.test(text) && url !== undefined && ref !== undefined ? { url, ref } : undefined;
}
