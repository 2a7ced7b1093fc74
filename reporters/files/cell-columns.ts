/** The columns that identify a row's cell; empty in a row without one. */
import { levelName } from '../../fixtures/matrix.ts';
import type { CellResults } from '../model/experiment-results.ts';
import type { Columns } from './csv.ts';

export const CELL_COLUMNS: Columns<{ readonly cell?: CellResults | undefined }> = {
  // A cell may occur only in the journal and not in the matrix; its name may then not contain a level.
  level: ({ cell }) => (cell === undefined || cell.level === null ? null : levelName(cell.level)),
  configuration: ({ cell }) => cell?.configuration,
};
