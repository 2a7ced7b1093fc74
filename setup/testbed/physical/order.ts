/** In which order the cells of a physical testbed are measured. */
import { type Cell, CELLS } from '../../../fixtures/matrix.ts';
import { orderedByBoot } from '../../../fixtures/physical-software.ts';
import { InputError } from '../../lib/errors.ts';
import { readTestbed } from './description.ts';

/**
 * So that the server of the testbed is booted as seldom as can be. What is wrong with its file is for the global setup to
 * tell: here it is the matrix's order then.
 */
export function orderedCells(testbedFile: string): readonly Cell[] {
  try {
    return orderedByBoot(readTestbed(testbedFile), CELLS).map(({ cell }) => cell);
  } catch (error) {
    if (error instanceof InputError) return CELLS;
    throw error;
  }
}
