/** Rejects QEMUs without the mechanisms that a cell's row of the artifact's tables names them for, once they are built. */
import type { Cell } from '../../../fixtures/matrix.ts';
import { isBuilt, physicalSoftware, sourceKey } from '../../../fixtures/physical-software.ts';
import { DVH_QEMU, softwareOf } from '../../../fixtures/software.ts';
import type { TestbedDescription } from '../../../fixtures/testbed-description.ts';
import { InputError } from '../../lib/errors.ts';
import type { PhysicalHost } from './physical-plan.ts';

/**
 * @throws {InputError} NESTBENCH_BAD_TESTBED with the first QEMU that should post interrupts to its guest, and can't.
 */
export function assertDvhQemus(
  testbed: Pick<TestbedDescription, 'software'>,
  cells: readonly Cell[],
  qemus: PhysicalHost['qemus'],
): void {
  for (const cell of cells) {
    const rows = softwareOf(cell);
    for (const [level, { name, qemu }] of physicalSoftware(testbed, cell).levels.entries()) {
      if (rows[level]?.qemu !== DVH_QEMU || !isBuilt(qemu)) continue;
      if (qemus[sourceKey(qemu)]?.dvh.postedInterrupts !== false) continue;
      throw new InputError(
        'NESTBENCH_BAD_TESTBED',
        `${cell.name} needs a QEMU with the DVH mechanisms on ${name}, and ${qemu.ref} of ${qemu.url} is none: its intel-iommu has no property intpost. Name one in the testbed file, as "software: paper" does, or select other cells.`,
      );
    }
  }
}
