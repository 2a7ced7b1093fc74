/** Builds the one small kernel that every level and the client boot, as an uncompressed vmlinux. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { TestbedKind } from '../../../fixtures/records.ts';
import type { Suite, Variant } from '../../../fixtures/variant.ts';
import { NestbenchError } from '../../lib/errors.ts';
import { tell } from '../../lib/task-progress.ts';
import type { Workplace } from '../cache/build-cache.ts';
import { givenKernel } from './given-kernel.ts';
import { type InsideOptions, runInside } from '../toolchain/inside.ts';
import { kernelConfig, unmetOptions } from './kernel-config.ts';
import { progressAt } from '../progress-rate.ts';
import {
  cachedInside,
  COMPILERS,
  DEFAULT_SUITE,
  inWords,
  kernelSource,
  type Toolchain,
  versionsIn,
} from '../toolchain/toolchain.ts';

export interface Kernel {
  readonly vmlinux: string;
  /** As `uname -r` says it: `6.12.118-nestbench`. */
  readonly release: string;
  readonly hash: string;
  /** What it was made of, by name, for the experiment's record; nothing of one that a variant brings built. */
  readonly madeOf: Readonly<Record<string, string>>;
}

/** To be raised whenever the steps below change what they make. */
const RECIPE = 2;

/**
 * Lines that make prints (`  CC      fs/attr.o`) with kernel.config: counted in a build of 6.12.117, and for 6.1.192 those of a
 * larger configuration, less those of what kernel.config has left out since. progressAt claims nothing once it is past them.
 */
const STEPS: Readonly<Record<Suite, number>> = { trixie: 1822, bookworm: 1715 };
/** A line of those. */
const STEP = /^ {2}([A-Z][A-Z\d]*)\s+(\S+)/;

/** Those with the most source. */
const OTHER_ARCHITECTURES = [
  'arm',
  'arm64',
  'm68k',
  'mips',
  'parisc',
  'powerpc',
  'riscv',
  's390',
  'sh',
  'sparc',
];

/**
 * Sources that none of our options selects, left out to save 1 GB of the unpacked 1.6 GB, and with it the writing of 48,000 of
 * 87,000 files. Kconfig and Makefiles stay: they are read whatever is selected.
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

/** Nothing of the building machine gets into the kernel, so equal inputs make equal bytes. */
export const REPRODUCIBLE = {
  KBUILD_BUILD_USER: 'nestbench',
  KBUILD_BUILD_HOST: 'nestbench',
  KBUILD_BUILD_TIMESTAMP: 'Thu Jan 1 00:00:00 UTC 1970',
};

/**
 * The kernel from the cache, or built now in the toolchain of the variant's suite, with what the variant changes of it.
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
  const recipe = await kernelConfig(suite, testbed);
  const isChanged = changes.config !== undefined || changes.patches !== undefined;
  // By its release each guest tells which of two kernels it booted.
  const release = isChanged ? [`CONFIG_LOCALVERSION="-nestbench-${variant.name}"`] : [];
  const added = [...(changes.config ?? []), ...release].map((line) => `${line}\n`);
  const fragment = [recipe, ...added].join('');
  const patches = await Promise.all((changes.patches ?? []).map((file) => readFile(file, 'utf8')));
  const { directory, hash, facts, toolchain } = await cachedInside(suite, signal, (within) => {
    const source = kernelSource(within);
    return {
      name: 'kernel',
      inputs: {
        recipe: RECIPE,
        toolchain: within.hash,
        source: { package: source.package, version: source.version },
        compilers: versionsIn(within, COMPILERS),
        config: fragment,
        ...(patches.length === 0 ? {} : { patches }),
      },
      signal,
      build: (workplace) => compileKernel(within, source.tarball, fragment, patches, workplace),
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
 * Unpacks, configures and compiles the source below the workplace's directory; leaves `vmlinux` and `config` there.
 * @param tarball of the source, on the host.
 * @returns the kernel's release and what it was made of.
 */
export async function compileKernel(
  toolchain: Pick<Toolchain, 'root' | 'suite'>,
  tarball: string,
  fragment: string,
  patches: readonly string[],
  { directory, log, signal }: Workplace,
): Promise<{ release: string }> {
  const tree = path.join(directory, 'linux');
  const run: Run = async (argv, purpose, onLine) =>
    runInside(toolchain, argv, {
      purpose,
      log,
      signal,
      env: REPRODUCIBLE,
      binds: { '/build': directory, '/source': tarball },
      cwd: '/build/linux',
      ...(onLine && { onLine }),
    });
  await mkdir(tree);

  tell({ task: 'kernel', text: 'unpacking the source', state: 'running', fraction: 0 });
  const leftOut = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  // Its owners are nobody's here.
  await run(
    ['tar', '--extract', '--file=/source', '--no-same-owner', '--strip-components=1', ...leftOut],
    'unpacking the kernel source',
  );

  for (const [index, patch] of patches.entries()) {
    const name = `${index + 1}.patch`;
    await writeFile(path.join(directory, name), patch);
    await run(
      ['patch', '--strip=1', '--forward', `--input=/build/${name}`],
      `applying patch ${index + 1} of ${patches.length} to the kernel source`,
    );
    await rm(path.join(directory, name));
  }

  tell({ task: 'kernel', text: 'configuring', state: 'running', fraction: 0 });
  const wanted = path.join(directory, 'wanted.config');
  await writeFile(wanted, fragment);
  // Everything that the fragment does not name is off, also what is on by default.
  await run(['make', 'allnoconfig', 'KCONFIG_ALLCONFIG=/build/wanted.config'], 'configuring the kernel');
  const config = path.join(tree, '.config');
  assertGranted(fragment, await readFile(config, 'utf8'));

  await compile(run, STEPS[toolchain.suite]);

  const release = (await readFile(path.join(tree, 'include/config/kernel.release'), 'utf8')).trim();
  await run(['strip', '-o', '/build/vmlinux', 'vmlinux'], 'stripping the kernel');
  await copyFile(config, path.join(directory, 'config'));
  await rm(tree, { recursive: true });
  await rm(wanted);
  tell({ task: 'kernel', text: `${release} is built`, state: 'done', fraction: 1 });
  return { release };
}

/** Runs a tool in the source's tree. */
type Run = (argv: readonly string[], purpose: string, onLine?: InsideOptions['onLine']) => Promise<void>;

/** The toolchain's programs are x86 ones. */
function assertArchitecture(): void {
  if (process.arch === 'x64') return;
  const message = `The emulated testbed's kernel is built by Debian's amd64 compilers, which run on an x86-64 host; this host is ${process.arch}.`;
  throw new NestbenchError('NESTBENCH_BUILD_FAILED', 'configuration', message, { machine: 'host' });
}

function assertGranted(fragment: string, config: string): void {
  const unmet = unmetOptions(fragment, config);
  if (unmet.length === 0) return;
  throw new NestbenchError(
    'NESTBENCH_BUILD_FAILED',
    'configuration',
    `This kernel source does not grant ${unmet.length} of the options in setup/build/kernel*.config or the variant; its Kconfig does not know them, or what they depend on is off:\n${unmet.join('\n')}`,
    { machine: 'host', output: unmet.join('\n') },
  );
}

async function compile(run: Run, steps: number): Promise<void> {
  const jobs = availableParallelism();
  const started = performance.now();
  let done = 0;
  // With the output of a target kept together, an error is not torn apart by what the other jobs print.
  await run(['make', `--jobs=${jobs}`, '--output-sync=target', 'vmlinux'], 'building the kernel', (line) => {
    if (!STEP.test(line)) return;
    done++;
    const elapsed = (performance.now() - started) / 1000;
    tell({ task: 'kernel', text: 'compiling', state: 'running', ...progressAt(done, steps, elapsed) });
  });
}
