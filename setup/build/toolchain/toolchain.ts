/**
 * The toolchain: a Debian root file system with compilers and the sources of the kernel and of QEMU, so that builds do
 * not depend on the host. `inside.ts` runs tools in it.
 *
 * Like the guests' root (guest-root.ts), its cache key has the request. The keys of what is built in it also have the
 * versions.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Suite } from '../../../fixtures/variant.ts';
import { reportProgress } from '../../lib/task-progress.ts';
import {
  type Artefact,
  cached,
  cachedWhole,
  isCached,
  type Recipe,
  type Workplace,
} from '../cache/build-cache.ts';
import { packageVersions, sourcesOf } from './debian.ts';
import { assertEnterable } from './inside.ts';
import { bootstrap, FIRST_PHASES, optionsFor, type Phase } from './mmdebstrap.ts';
import { runTool } from '../tool.ts';

export interface Toolchain {
  /** The directory to enter. */
  readonly root: string;
  readonly suite: Suite;
  readonly hash: string;
  /** Every package's version; a source package in /usr/src is named `src:qemu`. */
  readonly packages: Readonly<Record<string, string>>;
}

/** In the artefact's directory. */
const ROOT = 'root';

/** Increase it whenever the steps below change their result. */
const RECIPE = 1;

/** For the default kernel, the emulator and the guests' image. */
export const DEFAULT_SUITE: Suite = 'trixie';

/** What Linux needs (Documentation/process/changes.rst), as far as nestbench's configuration uses it. */
const FOR_KERNEL = ['bc', 'bison', 'flex', 'gcc', 'libc6-dev', 'libelf-dev', 'make', 'patch', 'xz-utils'];

/** What the emulator's configuration needs (emulator.ts), and the firmware of the machines that it emulates. */
const FOR_EMULATOR = [
  'dpkg-dev',
  'libfdt-dev',
  'libglib2.0-dev',
  'libslirp-dev',
  'libzstd-dev',
  'meson',
  'ninja-build',
  'pkgconf',
  'python3',
  // QEMU's configure makes a virtual environment for Meson.
  'python3-venv',
  'zlib1g-dev',
  'qemu-system-data',
  'seabios',
];

/** Packs images and snapshots. */
const FOR_IMAGES = ['e2fsprogs', 'erofs-utils', 'fakeroot', 'zstd'];

interface Contents {
  readonly packages: readonly string[];
  /** Source packages, downloaded to /usr/src. */
  readonly sources: readonly string[];
  /** Those whose archives are enough: the description of libslirp's was missing from a Debian mirror. */
  readonly archives: readonly string[];
}

const CONTENTS: Readonly<Record<Suite, Contents>> = {
  trixie: {
    packages: ['linux-source-6.12', ...FOR_KERNEL, ...FOR_EMULATOR, ...FOR_IMAGES],
    sources: ['qemu'],
    archives: ['libslirp'],
  },
  // Only kernels are built here, for the variant linux-6.1.
  bookworm: { packages: ['linux-source-6.1', ...FOR_KERNEL], sources: [], archives: [] },
};

/** Shares of the 45 s that trixie's took on a two-core machine. */
const PHASES: readonly Phase[] = [
  ...FIRST_PHASES,
  { says: /installing remaining/, text: 'installing compilers and the kernel source', fraction: 0.35 },
  { says: /running --customize-hook/, text: "fetching QEMU's source", fraction: 0.8 },
  { says: /cleaning package lists/, text: 'tidying up', fraction: 0.85 },
  { says: /creating tarball/, text: 'packing', fraction: 0.87 },
];

/** The toolchain from the cache, or made now. If it was imported, its root may be missing: see {@link cachedInside}. */
export async function buildToolchain(signal: AbortSignal, suite: Suite = DEFAULT_SUITE): Promise<Toolchain> {
  return toToolchain(suite, await cached(recipeOf(suite, signal)));
}

/** The toolchain with its root, to build in it; a missing root is made again. */
export async function wholeToolchain(signal: AbortSignal, suite: Suite = DEFAULT_SUITE): Promise<Toolchain> {
  return toToolchain(suite, await cachedWhole(recipeOf(suite, signal), ROOT));
}

export interface BuiltInside extends Artefact {
  /** The toolchain in the artefact's name. One that is made again later may have other versions. */
  readonly toolchain: Toolchain;
}

/**
 * What is built inside a toolchain. While it is in the cache, the toolchain's provenance is enough for its name. To
 * build it, a missing root is made again, with current versions, which are then in the artefact's name.
 * @param describe the artefact's recipe, given the toolchain that it is built in.
 */
export async function cachedInside(
  suite: Suite,
  signal: AbortSignal,
  describe: (toolchain: Toolchain) => Recipe,
): Promise<BuiltInside> {
  const known = await buildToolchain(signal, suite);
  const recipe = describe(known);
  if (isCached(recipe)) return { ...(await cached(recipe)), toolchain: known };
  const whole = await wholeToolchain(signal, suite);
  return { ...(await cached(describe(whole))), toolchain: whole };
}

function toToolchain(suite: Suite, { directory, hash, facts }: Artefact): Toolchain {
  return { root: path.join(directory, ROOT), suite, hash, packages: facts };
}

function recipeOf(suite: Suite, signal: AbortSignal): Recipe {
  const { packages, sources, archives } = CONTENTS[suite];
  const hooks = [
    ...sources.map(fetchSource),
    ...archives.flatMap((name) =>
      ['--tar-only', '--diff-only'].map((part) => fetchSource(`${part} ${name}`)),
    ),
  ];
  const options = optionsFor('apt', packages, hooks);
  return {
    name: 'toolchain',
    inputs: { recipe: RECIPE, suite, options, sources: sourcesOf(suite) },
    signal,
    build: (workplace) => make(suite, options, workplace),
  };
}

/** With mmdebstrap's own apt, which has the signed lists. */
function fetchSource(name: string): string {
  return `cd "$1/usr/src" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get source --download-only ${name}`;
}

async function make(
  suite: Suite,
  options: readonly string[],
  workplace: Workplace,
): Promise<Record<string, string>> {
  const { task, directory, log, signal } = workplace;
  const purpose = `making the toolchain of ${suite}`;
  const tar = path.join(directory, 'root.tar');
  const root = path.join(directory, ROOT);
  await assertEnterable();
  await bootstrap({ suite, tar, options, sources: sourcesOf(suite), purpose, phases: PHASES }, workplace);
  reportProgress({ task, text: 'unpacking', state: 'running', fraction: 0.9 });
  await runTool(['sh', '-euc', UNPACK, 'unpack', tar, root], { purpose, log, signal });
  await rm(tar);
  reportProgress({ task, text: `compilers and sources of ${suite} are ready`, state: 'done', fraction: 1 });
  return {
    ...packageVersions(readFileSync(path.join(root, 'var/lib/dpkg/status'), 'utf8')),
    ...sourceVersions(root),
  };
}

/** All files belong to this user, who can then delete them. Devices come from the host when the root is entered. */
const UNPACK = `umask 022
mkdir "$2"
tar --extract --file="$1" --directory="$2" --no-same-owner --no-same-permissions --anchored --exclude='./dev/*'
chmod -R u+rwX "$2"
[ ! -d "$2/tmp" ] || chmod 1777 "$2/tmp"`;

/** From their descriptions, `/usr/src/NAME_VERSION.dsc`. */
function sourceVersions(root: string): Record<string, string> {
  const directory = path.join(root, 'usr/src');
  const versions: Record<string, string> = {};
  for (const file of existsSync(directory) ? readdirSync(directory) : []) {
    if (!file.endsWith('.dsc')) continue;
    const text = readFileSync(path.join(directory, file), 'utf8');
    const name = /^Source: (.+)$/m.exec(text)?.[1];
    const version = /^Version: (.+)$/m.exec(text)?.[1];
    if (name !== undefined && version !== undefined) versions[`src:${name}`] = version;
  }
  return versions;
}

/** Packages whose versions affect everything that is compiled. */
export const COMPILERS = /^(gcc-\d+|binutils)$/;

/** Its packages that affect something, with their versions. */
export function versionsIn({ packages }: Pick<Toolchain, 'packages'>, names: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(packages).filter(([name]) => names.test(name)));
}

/** `binutils 2.44-3, gcc-14 14.2.0-19` */
export function inWords(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .toSorted()
    .join(', ');
}

/** As in an experiment's record: `trixie 54618970aa5cdb53`. */
export function nameOf({ suite, hash }: Toolchain): string {
  return `${suite} ${hash}`;
}

/** The toolchain and the emulator built in it, by name, for the experiment's record. */
export function describeToolchain(toolchain: Toolchain): Record<string, string> {
  return {
    toolchain: nameOf(toolchain),
    'emulator source': toolchain.packages['src:qemu'] ?? 'unknown',
    'emulator compiler': inWords(versionsIn(toolchain, COMPILERS)),
  };
}

export interface KernelSource {
  /** `linux-source-6.12` */
  readonly package: string;
  readonly version: string;
  /** On the host. */
  readonly tarball: string;
}

export function kernelSource(toolchain: Toolchain): KernelSource {
  const [name = '', version = ''] =
    Object.entries(toolchain.packages).find(([one]) => /^linux-source-[\d.]+$/.test(one)) ?? [];
  return { package: name, version, tarball: path.join(toolchain.root, 'usr/src', `${name}.tar.xz`) };
}
