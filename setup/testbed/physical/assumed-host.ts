/** A server and builds that nobody has seen yet, for plans that are made before SSH and before any build. */
import type { Cell } from '../../../fixtures/matrix.ts';
import { allSoftware, isBuilt, sourceKey } from '../../../fixtures/physical-software.ts';
import { CPU_SCALES, MEMORY_SCALES, type Sizing } from '../../../fixtures/sizing.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import type { PhysicalHost } from './physical-plan.ts';

/** The paper's own sizing, for which a physical testbed is intended. */
export const PAPER_SIZING: Sizing = { cpus: CPU_SCALES[0], memoryMiB: MEMORY_SCALES[0] };

/**
 * Placeholders stand for what only the server or a build can say.
 * @param versions of QEMUs, by the key of their source. A QEMU of unknown version counts as a current one.
 */
export function assumedHost(
  testbed: TestbedDescription,
  cell: Cell,
  versions: ReadonlyMap<string, string> = new Map(),
): PhysicalHost {
  const all = allSoftware(testbed, [cell]);
  return {
    testbed,
    sizing: PAPER_SIZING,
    installed: { client: '<the installed kernel>', server: '<the installed kernel>' },
    kernels: Object.fromEntries(
      all.flatMap(({ kernel, release = '<built>' }) =>
        isBuilt(kernel) ? [[sourceKey(kernel), { file: '', hash: '', release }]] : [],
      ),
    ),
    qemus: Object.fromEntries(
      all.flatMap(({ qemu, qemuVersion = '' }) => {
        if (!isBuilt(qemu)) return [];
        const version = versions.get(sourceKey(qemu)) ?? qemuVersion;
        const dvh = { postedInterrupts: true, option: false };
        return [[sourceKey(qemu), { file: '', hash: '', version, dvh }]];
      }),
    ),
    card: { firstFunction: '<virtual function>', guestDriver: '<its driver>' },
    clientCpus: 0,
  };
}
