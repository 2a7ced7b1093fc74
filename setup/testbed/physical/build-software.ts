/** Builds the kernels and QEMUs that a testbed file takes from git, each source once. */
import { configured } from '../../../fixtures/git-kernel.ts';
import { isBuilt, type MachineSoftware, sourceKey } from '../../../fixtures/physical-software.ts';
import type { KernelSource, QemuSource, TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { buildKernelPackage, type KernelPackage } from '../../build/kernel/kernel-package.ts';
import { buildQemuPackage } from '../../build/qemu/qemu-package.ts';
import type { BuiltKernel, BuiltQemu } from './physical-plan.ts';
import type { PrepareOptions } from '../testbed.ts';

/**
 * @returns what was built, by the key of its source.
 * @throws NESTBENCH_BUILD_FAILED.
 */
export async function buildSoftware(
  software: readonly MachineSoftware[],
  builder: TestbedDescription['builder'],
  { signal, log, phases }: Pick<PrepareOptions, 'signal' | 'log' | 'phases'>,
): Promise<{
  readonly kernels: Record<string, BuiltKernel & KernelPackage>;
  readonly qemus: Record<string, BuiltQemu>;
}> {
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
