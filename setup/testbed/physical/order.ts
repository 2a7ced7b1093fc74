/** The order in which the cells of a physical testbed are measured. */
import { type Cell, CELLS } from '../../../fixtures/matrix.ts';
import { orderedByBoot } from '../../../fixtures/physical-software.ts';
import { InputError } from '../../lib/errors.ts';
import { readTestbed } from './testbed-file.ts';

/**
 * Minimizes the reboots of the testbed's server. If its file is invalid, the global setup reports that, and this is the
 * matrix's order.
 */
export function orderedCells(testbedFile: string): readonly Cell[] {
  try {
    return orderedByBoot(readTestbed(testbedFile), CELLS).map(({ cell }) => cell);
  } catch (error) {
    if (error instanceof InputError) return CELLS;
    throw error;
  }
}
