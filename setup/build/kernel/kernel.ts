/** Builds the one small kernel that every level and the client boot, as an uncompressed vmlinux. */
import path from 'node:path';
import type { Suite, Variant } from '../../../fixtures/variant.ts';
import { UnbuildableError } from '../build-errors.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { givenKernel } from './given-kernel.ts';
import { placeInside } from '../toolchain/inside.ts';
import type { TestbedKind } from '../../../fixtures/image-formats.ts';
import { kernelConfig } from './kernel-config.ts';
import { compileLinux, type Patch, readPatches } from './kernel-recipe.ts';
import {
  cachedInside,
  COMPILERS,
  DEFAULT_SUITE,
  inWords,
  type KernelSource,
  kernelSource,
  type Toolchain,
  versionsIn,
} from '../toolchain/toolchain.ts';

export interface Kernel {
  readonly vmlinux: string;
  /** As `uname -r` prints it: `6.12.118-nestbench`. */
  readonly release: string;
  readonly hash: string;
  /** What it was made from, by name, for the experiment's record; empty for one that a variant provides. */
  readonly madeOf: Readonly<Record<string, string>>;
}

/** Increase it whenever the steps below change their result. */
const RECIPE = 2;

/**
 * Lines that make prints with kernel.config (compile-progress.ts): counted in a build of 6.12.118, and for 6.1.192 those of a
 * larger configuration, less those of what kernel.config has left out since. progressAt claims nothing once it is past them.
 */
export const STEPS: Readonly<Record<Suite, number>> = { trixie: 1824, bookworm: 1715 };

/** Direct virtual hardware for nested guests, off by default. */
const DVH = [
  '0001-KVM-SVM-Define-direct-virtual-hardware-for-nested-gu.patch',
  '0002-KVM-nSVM-Emulate-a-local-APIC-for-L2-in-L0.patch',
  '0003-KVM-nSVM-Emulate-L2-s-TSC-deadline-timer-in-L0.patch',
  '0004-KVM-nSVM-Send-L2-s-IPIs-from-L0.patch',
  '0005-KVM-SVM-Use-direct-virtual-hardware-of-the-level-bel.patch',
  '0006-KVM-SVM-Keep-APICv-active-in-guest-mode-with-direct-.patch',
  '0007-KVM-nSVM-Forward-L3-s-virtual-hardware-to-the-level-.patch',
  '0008-KVM-SVM-Intercept-HLT-of-a-guest-while-other-tasks-a.patch',
  '0009-KVM-nSVM-Count-what-direct-virtual-hardware-handles.patch',
  '0010-KVM-nSVM-Post-interrupts-of-L1-to-the-guest-that-the.patch',
  '0011-KVM-SVM-Tell-the-level-below-which-interrupts-are-fo.patch',
  '0012-KVM-nSVM-Post-device-interrupts-through-to-L3.patch',
].map((file) => `dvh/${file}`);

/** nestbench's own patches to the source of a suite, files in this folder, in order. */
export const PATCHES: Readonly<Record<Suite, readonly string[]>> = { trixie: DVH, bookworm: [] };

/** Those with the most source. */
const OTHER_ARCHITECTURES = 'arm arm64 m68k mips parisc powerpc riscv s390 sh sparc'.split(' ');

/**
 * Sources that no option selects. Leaving them out saves 1 GB of the unpacked 1.6 GB, and the writing of 48,000 of
 * 87,000 files. Kconfig and Makefiles stay: they are always read.
 */
export const LEFT_OUT = [
  ...['accel', 'clk', 'gpu', 'iio', 'media', 'net/wireless', 'pinctrl', 'staging'].map(
    (drivers) => `*/drivers/${drivers}/*.[ch]`,
  ),
  '*/sound/*.[ch]',
  '*/Documentation/*.rst',
  '*/Documentation/devicetree/*',
  '*/tools/perf/*',
  '*/tools/testing/*',
  ...OTHER_ARCHITECTURES.flatMap((arch) => [`*/arch/${arch}/*.[chS]`, `*/arch/${arch}/boot/dts/*`]),
];

/**
 * The kernel from the cache, or built now in the toolchain of the variant's suite, with the variant's changes.
 * @throws {NestbenchError} NESTBENCH_BUILD_FAILED with the compiler's own errors.
 */
export async function buildKernel(
  signal: AbortSignal,
  variant: Variant,
  testbed: TestbedKind = 'emulated',
): Promise<Kernel> {
  const { kernel: changes = {} } = variant;
  if (changes.vmlinux !== undefined) return givenKernel(changes.vmlinux);
  assertArchitecture();
  const suite = changes.suite ?? DEFAULT_SUITE;
  const isChanged = changes.config !== undefined || changes.patches !== undefined;
  // The release shows which of two kernels each guest booted.
  const release = isChanged ? [`CONFIG_LOCALVERSION="-nestbench-${variant.name}"`] : [];
  const options = [...(await kernelConfig(suite, testbed)), ...(changes.config ?? []), ...release];
  const own = PATCHES[suite].map((file) => path.join(import.meta.dirname, file));
  const patches = await readPatches([...own, ...(changes.patches ?? [])]);
  const { directory, hash, facts, toolchain } = await cachedInside(suite, signal, (within) => {
    const source = kernelSource(within);
    return {
      name: 'kernel',
      inputs: {
        recipe: RECIPE,
        toolchain: within.hash,
        source: { package: source.package, version: source.version },
        compilers: versionsIn(within, COMPILERS),
        config: options.map((line) => `${line}\n`).join(''),
        ...(patches.length === 0 ? {} : { patches: patches.map(({ text }) => text) }),
      },
      signal,
      build: (workplace) => compileKernel(within, source, options, patches, workplace),
    };
  });
  const source = kernelSource(toolchain);
  return {
    vmlinux: path.join(directory, 'vmlinux'),
    release: facts['release'] ?? '',
    hash,
    madeOf: {
      'kernel source': `${source.package} ${source.version}`,
      'kernel compiler': inWords(versionsIn(toolchain, COMPILERS)),
      'kernel build': hash,
    },
  };
}

/**
 * Compiles in the toolchain; leaves `vmlinux` and `config` in the workplace's directory.
 * @param options the options that are on; everything else is off, even if it is on by default.
 */
export async function compileKernel(
  toolchain: Pick<Toolchain, 'root' | 'suite'>,
  source: KernelSource,
  options: readonly string[],
  patches: readonly Patch[],
  workplace: Workplace,
): Promise<{ release: string }> {
  const leftOut = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  const release = await compileLinux(
    {
      source: `${source.package} ${source.version}`,
      // The owners of its files do not exist here.
      unpack: (run) =>
        run(
          ['tar', '--extract', '--file=/source', '--no-same-owner', '--strip-components=1', ...leftOut],
          'unpacking the kernel source',
        ),
      patches,
      base: 'allnoconfig',
      others: 'off',
      whereKnown: [],
      options,
      targets: ['vmlinux'],
      steps: STEPS[toolchain.suite],
      keep: ['strip', '-o', '../vmlinux', 'vmlinux'],
    },
    placeInside(toolchain, workplace.directory, { '/source': source.tarball }),
    workplace,
  );
  return { release };
}

/** The toolchain's programs are for x86. */
function assertArchitecture(): void {
  if (process.arch === 'x64') return;
  const message = `The emulated testbed's kernel is built by Debian's amd64 compilers, which run on an x86-64 host; this host is ${process.arch}.`;
  throw new UnbuildableError({ message, machine: 'host' });
}
