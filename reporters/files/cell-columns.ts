/** The columns that say which cell a row is of; empty in a row of none. */
import { levelName } from '../../fixtures/matrix.ts';
import type { CellResults } from '../model/experiment-results.ts';
import type { Columns } from './csv.ts';

export const CELL_COLUMNS: Columns<{ readonly cell?: CellResults | undefined }> = {
  // The matrix does not have a cell that only the journal knows, and its name may not tell.
  level: ({ cell }) => (cell === undefined || cell.level === null ? null : levelName(cell.level)),
  configuration: ({ cell }) => cell?.configuration,
};
