/** In which order the cells of a physical testbed are measured. */
import { type Cell, CELLS } from '../../../fixtures/matrix.ts';
import { orderedByBoot } from '../../../fixtures/physical-software.ts';
import { InputError } from '../../lib/errors.ts';
import { readTestbed } from './description.ts';

/**
 * Orders the cells so that the server reboots as seldom as possible. For a file that can't be used it keeps the matrix's
 * order: the global setup reports what is wrong.
 */
export function orderedCells(testbedFile: string): readonly Cell[] {
  try {
    return orderedByBoot(readTestbed(testbedFile), CELLS).map(({ cell }) => cell);
  } catch (error) {
    if (error instanceof InputError) return CELLS;
    throw error;
  }
}
