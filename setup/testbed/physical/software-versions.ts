/** The software of a physical testbed, for the experiment's record. */
import { isBuilt, type MachineSoftware, sourceKey } from '../../../fixtures/physical-software.ts';
import type { BuiltKernel, BuiltQemu, PhysicalHost } from './physical-plan.ts';

/** What every machine runs; if cells differ in it, all of it. */
export function softwareVersions(
  software: readonly MachineSoftware[],
  { kernels, qemus, installed }: Pick<PhysicalHost, 'kernels' | 'qemus' | 'installed'>,
): Record<string, string> {
  const versions = new Map<string, Set<string>>();
  const add = (what: string, version: string | undefined): void => {
    if (version !== undefined) versions.set(what, (versions.get(what) ?? new Set()).add(version));
  };
  for (const { name, kernel, qemu } of software) {
    const end = name === 'l0' ? 'server' : name === 'client' ? 'client' : undefined;
    const what = `kernel of ${end === undefined ? name : `the ${end}`}`;
    if (isBuilt(kernel)) add(what, named(kernels[sourceKey(kernel)]));
    else if (end !== undefined) add(what, installed[end]);
    if (isBuilt(qemu)) add(`qemu of ${name}`, named(qemus[sourceKey(qemu)]));
  }
  return Object.fromEntries([...versions].map(([what, all]) => [what, [...all].join(', ')]));
}

function named(built: BuiltKernel | BuiltQemu | undefined): string | undefined {
  return built && `${'release' in built ? built.release : built.version} (${built.hash})`;
}
