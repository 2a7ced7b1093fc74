/**
 * The guests' root file system: Debian packages, unpacked and configured by mmdebstrap into a tar.
 *
 * Its cache key has the request (suite, packages, options), not the archive's versions of that day: looking them up on
 * every start would make a warm start need the network. Its provenance records the versions, and after `npm run clean`
 * the next start downloads the current ones.
 */
import path from 'node:path';
import { execa } from 'execa';
import { BENCHMARK_PACKAGES, IMAGE_SETUPS } from '../../../fixtures/benchmarks/index.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import { type Artefact, cached, cachedWhole, type Recipe, type Workplace } from '../cache/build-cache.ts';
import { MIRROR, packageVersions } from '../toolchain/debian.ts';
import { bootstrap, FIRST_PHASES, optionsFor, type Phase } from '../toolchain/mmdebstrap.ts';

export interface Root {
  readonly tar: string;
  readonly hash: string;
  /** Every package in it, with its version. */
  readonly packages: Readonly<Record<string, string>>;
}

const TAR = 'root.tar';

/** Increase it whenever the steps below change their result. */
const RECIPE = 1;

/** Debian 13: its QEMU 10 has igb with SR-IOV, and netperf is in main. */
const SUITE = 'trixie';

/** In addition to Debian's essential packages (which include util-linux's taskset, tar, bash). */
export const ROOT_PACKAGES: readonly string[] = [
  // For booting and inspection: the init scripts' shell and tar, networks, sysctl, modules, SSH.
  'busybox-static',
  'iproute2',
  'kmod',
  'mount',
  'netbase',
  'dropbear-bin',
  'procps',
  // For the next level.
  'qemu-system-x86',
  ...BENCHMARK_PACKAGES,
  ...IMAGE_SETUPS.flatMap(({ packages }) => packages),
];

const OPTIONS = optionsFor(
  'essential',
  ROOT_PACKAGES,
  IMAGE_SETUPS.map(({ script }) => script),
);

/**
 * mmdebstrap's messages, and the progress at each: shares of the 45 s that it took on the two-core machine of the
 * trials, from the timestamps of its lines.
 */
const PHASES: readonly Phase[] = [
  ...FIRST_PHASES,
  { says: /installing remaining/, text: 'installing QEMU and the benchmarks', fraction: 0.45 },
  { says: /cleaning package lists/, text: 'tidying up', fraction: 0.95 },
  { says: /creating tarball/, text: 'packing', fraction: 0.97 },
];

/**
 * The root file system from the cache, or made now. If it was imported, its tar may be missing: see {@link wholeRoot}.
 */
export async function buildRoot(signal: AbortSignal): Promise<Root> {
  return toRoot(await cached(recipe(signal)));
}

/** With its tar, which is made again if only the provenance was imported. */
export async function wholeRoot(signal: AbortSignal): Promise<Root> {
  return toRoot(await cachedWhole(recipe(signal), TAR));
}

function toRoot({ directory, hash, facts }: Artefact): Root {
  return { tar: path.join(directory, TAR), hash, packages: facts };
}

function recipe(signal: AbortSignal): Recipe {
  // Its progress is that of the image, whose first part it is.
  return {
    name: 'root',
    task: 'image',
    inputs: { recipe: RECIPE, suite: SUITE, options: OPTIONS },
    signal,
    build: make,
  };
}

async function make(workplace: Workplace): Promise<Record<string, string>> {
  const tar = path.join(workplace.directory, TAR);
  const purpose = "making the guests' root file system";
  await bootstrap(
    { suite: SUITE, tar, options: OPTIONS, sources: [MIRROR], purpose, phases: PHASES },
    workplace,
  );
  // The image is packed once the kernel is built, which can take many more minutes.
  reportProgress({ task: workplace.task, text: 'root file system built', state: 'done' });
  const status = await execa('tar', ['--extract', '--to-stdout', `--file=${tar}`, './var/lib/dpkg/status']);
  return packageVersions(status.stdout);
}
