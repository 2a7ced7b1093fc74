/** Builds what the cells of a physical testbed boot from: nestbench's own, and what the testbed file takes from git. */
import { configured } from '../../../fixtures/git-kernel.ts';
import type { Cell } from '../../../fixtures/matrix.ts';
import {
  allSoftware,
  isBuilt,
  type MachineSoftware,
  memtierOf,
  sourceKey,
} from '../../../fixtures/physical-software.ts';
import type { KernelSource, QemuSource, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import type { Variant } from '../../../fixtures/variant.ts';
import { type BootFiles, buildBootFiles } from '../../build/build-all.ts';
import { cacheDirectory, holdCache } from '../../build/cache/build-cache.ts';
import { buildKernelPackage, type KernelPackage } from '../../build/kernel/kernel-package.ts';
import { buildMemtierPackage, type MemtierPackage } from '../../build/memtier/memtier-package.ts';
import { buildQemuPackage } from '../../build/qemu/qemu-package.ts';
import { BUILD_BYTES, checkResources } from '../host-resources.ts';
import type { BuildOptions } from '../testbed.ts';
import { assertDvhQemus } from './dvh-software.ts';
import type { BuiltKernel, BuiltQemu } from './physical-plan.ts';
import { assertSources } from './source-faults.ts';

/** By the key of its source. */
interface BuiltSoftware {
  readonly kernels: Record<string, BuiltKernel & KernelPackage>;
  readonly qemus: Record<string, BuiltQemu>;
}

/**
 * Everything for these cells. The cache is held from then on.
 * @throws {InputError} NESTBENCH_BAD_TESTBED if a QEMU lacks what a cell needs it for; NESTBENCH_NO_SPACE,
 * NESTBENCH_BUILD_FAILED.
 */
export async function buildForCells(
  testbed: TestbedDescription,
  cells: readonly Cell[],
  variant: Variant,
  options: BuildOptions,
): Promise<
  BootFiles &
    BuiltSoftware & { readonly software: readonly MachineSoftware[]; readonly memtier?: MemtierPackage }
> {
  const { held, phases, signal } = options;
  await checkResources({ cacheDirectory: cacheDirectory(), cacheBytes: BUILD_BYTES, memoryBytes: 0 });
  held.use(await holdCache(signal));
  await assertSources(testbed, cells, options);
  phases.lap('sources');
  const load = memtierOf(testbed);
  // First, because it takes a minute, and not every host has its libraries.
  const memtier = load && (await buildMemtierPackage(load, signal, options.log, testbed.builder));
  if (memtier !== undefined) phases.lap('memtier_benchmark');
  const files = await buildBootFiles(signal, variant, 'physical');
  phases.lap('kernel and image');
  const software = allSoftware(testbed, cells);
  const built = await buildSoftware(software, testbed.builder, options);
  assertDvhQemus(testbed, cells, built.qemus);
  return { ...files, ...built, software, ...(memtier && { memtier }) };
}

/**
 * The kernels and QEMUs from git, each source once.
 * @throws NESTBENCH_BUILD_FAILED.
 */
export async function buildSoftware(
  software: readonly MachineSoftware[],
  builder: TestbedDescription['builder'],
  { signal, log, phases }: Pick<BuildOptions, 'signal' | 'log' | 'phases'>,
): Promise<BuiltSoftware> {
  const kernels = await builtEach(
    software.map(({ kernel }) => kernel),
    async (source) => {
      const its = await buildKernelPackage(configured(source), signal, log, builder);
      return { ...its, file: its.image };
    },
  );
  phases.lap('kernels');
  const qemus = await builtEach(
    software.map(({ qemu }) => qemu),
    async (source) => {
      const { program, ...its } = await buildQemuPackage(source, signal, log, builder);
      return { file: program, ...its };
    },
  );
  phases.lap('QEMUs');
  return { kernels, qemus };
}

/** One after the other, because each build uses all CPUs. */
async function builtEach<S extends KernelSource | QemuSource, B>(
  wanted: readonly (S | 'installed' | null)[],
  build: (source: S) => Promise<B>,
): Promise<Record<string, B>> {
  const built: Record<string, B> = {};
  for (const source of wanted.filter(isBuilt)) built[sourceKey(source)] ??= await build(source);
  return built;
}
