/**
 * A git repository with QEMU's source, like a KVM developer's, made from Debian's source package. Its vIOMMU has the
 * property of a DVH QEMU, which does nothing.
 */
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import type { QemuSource } from '../../../fixtures/testbed-description.ts';
import { cached } from '../../build/cache/build-cache.ts';
import { KEYRING, MIRROR, SECURITY_MIRROR } from '../../build/toolchain/debian.ts';
import { runTool, type ToolOptions } from '../../build/tool.ts';
import { BuildError } from '../../build/build-errors.ts';
import { SOMEBODY } from './kernel-repository.testing.ts';

/** A Debian release, and the branch for its QEMU. */
const SUITES = {
  bookworm: 'v7.2-nested',
  /** Its QEMU is the last before 6.2 that Debian's archive still has. */
  bullseye: 'v5.2-nested',
} as const;

/** The change in it. */
const INTPOST = String.raw`
sed --in-place 's/^ *bool caching_mode;/    bool intpost;\n&/' include/hw/i386/intel_iommu.h
sed --in-place 's/^ *DEFINE_PROP_BOOL("caching-mode"/    DEFINE_PROP_BOOL("intpost", IntelIOMMUState, intpost, FALSE),\n&/' hw/i386/intel_iommu.c
grep -q intpost include/hw/i386/intel_iommu.h
grep -q intpost hw/i386/intel_iommu.c`;

export async function qemuRepository(
  signal: AbortSignal,
  suite: keyof typeof SUITES = 'bookworm',
): Promise<QemuSource> {
  const branch = SUITES[suite];
  const { directory } = await cached({
    name: 'qemu-repository',
    inputs: { recipe: 2, suite, intpost: INTPOST },
    signal,
    build: async ({ directory: place, log, signal: within }) => {
      const source = path.join(place, 'source');
      mkdirSync(source);
      const tree = path.join(source, 'qemu');
      const tool = { log, signal: within, env: SOMEBODY, purpose: 'making a QEMU repository' };
      const description = await fetchSource(source, { ...tool, cwd: source }, suite);
      await runTool(['dpkg-source', '--no-check', '--extract', description, tree], tool);
      await runTool(['sh', '-euc', INTPOST], { ...tool, cwd: tree });
      const git = (...words: string[]): Promise<void> => runTool(['git', ...words], { ...tool, cwd: tree });
      await git('init', '--quiet', `--initial-branch=${branch}`);
      await git('add', '--all', '--force', '.');
      await git('commit', '--quiet', `--message=${path.basename(description)}`);
      await runTool(
        ['sh', '-c', 'mv "$1/.git" "$2/repository" && rm -r "$3"', 'sh', tree, place, source],
        tool,
      );
      return {};
    },
  });
  return { url: path.join(directory, 'repository'), ref: branch };
}

/**
 * With a separate apt, whatever sources the host's has.
 * @returns the source package's description, a .dsc file.
 */
async function fetchSource(
  directory: string,
  tool: Omit<ToolOptions, 'purpose'>,
  suite: string,
): Promise<string> {
  const apt = path.join(directory, 'apt');
  await mkdir(path.join(apt, 'lists/partial'), { recursive: true });
  await mkdir(path.join(apt, 'cache/archives/partial'), { recursive: true });
  const list = path.join(apt, 'sources.list');
  const source = `deb-src [signed-by=${KEYRING}]`;
  await writeFile(
    list,
    `${source} ${MIRROR} ${suite} main\n${source} ${SECURITY_MIRROR} ${suite}-security main\n`,
  );
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${apt}/lists`,
    `Dir::Cache=${apt}/cache`,
    // Otherwise root's apt would download as a user who can't read the cache.
    'APT::Sandbox::User=root',
    'Acquire::Retries=3',
  ].flatMap((option) => ['--option', option]);
  const purpose = "fetching QEMU's source";
  await runTool(['apt-get', ...options, 'update'], { ...tool, purpose });
  await runTool(['apt-get', ...options, 'source', '--download-only', 'qemu'], { ...tool, purpose });
  const description = (await readdir(directory)).find((name) => name.endsWith('.dsc'));
  if (description !== undefined) return path.join(directory, description);
  throw new BuildError({
    message: `Debian's archive has no source of QEMU for ${suite}. The whole log is ${tool.log}`,
    machine: 'host',
  });
}
