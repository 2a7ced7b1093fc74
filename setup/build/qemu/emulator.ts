/**
 * Builds the QEMU that emulates the server and the client, in real and in virtual time: Debian's, patched (emulator/),
 * with only the devices that these machines have. It is linked statically, so that it runs on any Linux host.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { filesIn } from '../../lib/hash.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { placeInside } from '../toolchain/inside.ts';
import { compileQemu } from './qemu-recipe.ts';
import {
  cachedInside,
  DEFAULT_SUITE,
  describeToolchain,
  type Toolchain,
  versionsIn,
} from '../toolchain/toolchain.ts';

export interface Emulator {
  readonly program: string;
  /** The directory with `zstd` and `checksum`, which keep the state of its machines. */
  readonly tools: string;
  /** As it prints itself: `10.0.13 (Debian 1:10.0.13+ds-0+deb13u1, patched by nestbench)`. */
  readonly version: string;
  readonly hash: string;
  /** What it was made from, by name, for the experiment's record. */
  readonly madeOf: Readonly<Record<string, string>>;
}

/** Increase it whenever the steps below change their result. */
const RECIPE = 2;

/** Patches, the list of devices, and the scripts that run in the toolchain. */
const OURS = path.join(import.meta.dirname, 'emulator');
/** The patches of the emulator that records. */
const RECORDING = path.join(import.meta.dirname, 'recording');
const PROGRAM = 'qemu-system-x86_64';

const CONFIGURE = [
  '--target-list=x86_64-softmmu',
  '--without-default-features',
  '--without-default-devices',
  '--with-devices-x86_64=nestbench',
  '--static',
  '--enable-system',
  '--enable-tcg',
  '--enable-kvm',
  '--enable-slirp',
  '--enable-fdt=system',
  // With both, a warm L3 measured after 5.5 s instead of 5.9, in four starts each (docs/emulated-testbed.md).
  '--enable-lto',
  '-Doptimization=3',
  '--disable-debug-info',
  '--enable-trace-backends=nop',
  // unpack.sh unpacks its source.
  '-Dforce_fallback_for=slirp',
  '-Dslirp:default_library=static',
  // QEMU finds its firmware relative to itself, in whatever directory replaces this one.
  '--prefix=/opt/nestbench',
  '--disable-install-blobs',
];

/** Packages that affect the program besides the source, and those whose files collect.sh copies. */
const SHAPING = new RegExp(
  `^(${[
    'gcc-\\d+|binutils',
    // Linked statically; libslirp's version is that of its source.
    'libc6-dev|libgio-2\\.0-dev|libglib2\\.0-dev|libpcre2-dev|libslirp-dev|libfdt-dev|zlib1g-dev',
    'qemu-system-data|seabios',
    'zstd|libc6|liblz4-1|liblzma5|libxxhash0|zlib1g',
  ].join('|')})$`,
);

/** Linking with LTO took 90 s beside a compiling kernel, on two CPUs; the other 1143 steps took 140 s. */
const LINK_IS_WORTH = 700;

/** The packages that affect the emulator, with their versions. */
export function shapesEmulator(toolchain: Pick<Toolchain, 'packages'>): Record<string, string> {
  return versionsIn(toolchain, SHAPING);
}

/**
 * The emulator from the cache, or built now.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED with the tools' own errors.
 */
export function buildEmulator(signal: AbortSignal): Promise<Emulator> {
  return build('emulator', [], signal);
}

/**
 * The same emulator with one more option, `-accel tcg,record=FILE`, which records where a guest program's instructions
 * go (recording/). Apart, because what is emitted for each block of instructions takes time even while it is off.
 */
export function buildRecordingEmulator(signal: AbortSignal): Promise<Emulator> {
  return build('recording-emulator', [RECORDING], signal);
}

/** @param more folders with patches on top. */
async function build(name: string, more: readonly string[], signal: AbortSignal): Promise<Emulator> {
  const { directory, hash, facts, toolchain } = await cachedInside(DEFAULT_SUITE, signal, (within) => {
    const source = within.packages['src:qemu'] ?? 'unknown';
    return {
      name,
      inputs: {
        recipe: RECIPE,
        toolchain: within.hash,
        source,
        packages: shapesEmulator(within),
        configure: CONFIGURE,
        files: filesIn(OURS, String),
        ...(more.length === 0 ? {} : { more: more.map((folder) => filesIn(folder, String)) }),
      },
      signal,
      build: (workplace) => compileEmulator(within, source, more, workplace),
    };
  });
  const bin = path.join(directory, 'bin');
  return {
    program: path.join(bin, PROGRAM),
    tools: bin,
    version: facts['version'] ?? '',
    hash,
    madeOf: describeToolchain(toolchain),
  };
}

/** For `sh`; its argument is a folder with patches. */
const PATCH = 'for each in "$1"/*.patch; do patch --strip=1 --forward --directory=qemu --input="$each"; done';

async function compileEmulator(
  toolchain: Toolchain,
  source: string,
  more: readonly string[],
  workplace: Workplace,
): Promise<{ version: string }> {
  const label = `Debian ${source}, patched by nestbench`;
  const inside = new Map(more.map((folder, index) => [`/more-${index}`, folder]));
  const release = await compileQemu(
    {
      source: `qemu ${source}`,
      async unpack(run) {
        await run(['sh', '-eu', '/ours/unpack.sh', '/ours'], "unpacking QEMU's source");
        for (const folder of inside.keys()) {
          await run(['sh', '-euc', PATCH, 'patch', folder], "patching QEMU's source");
        }
      },
      configure: [...CONFIGURE, `--with-pkgversion=${label}`],
      compile: ['ninja', `-j${availableParallelism()}`, PROGRAM],
      linkIsWorth: LINK_IS_WORTH,
      keep: ['sh', '-eu', '/ours/collect.sh'],
    },
    placeInside(toolchain, workplace.directory, { '/ours': OURS, ...Object.fromEntries(inside) }),
    workplace,
  );
  return { version: `${release} (${label})` };
}
