/**
 * `phases.csv`: where the time went, one row per phase. Rows without a level are of what came before the cells. A
 * cell's `all` is the sum of its other rows, except those that begin with `boot`, which break down the boot by level.
 */
import { cellTimes, preparation, STAGES } from '../analysis/phases.ts';
import type { CellResults, Results } from '../model/experiment-results.ts';
import { CELL_COLUMNS } from './cell-columns.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';

interface Row {
  readonly cell?: CellResults | undefined;
  readonly phase: string;
  readonly seconds: number;
}

const COLUMNS: Columns<Row> = {
  ...CELL_COLUMNS,
  phase: ({ phase }) => phase,
  seconds: ({ seconds }) => seconds,
};

export const phasesFile = textFile('phases.csv', (results) => phasesCsv(results));

export function phasesCsv(results: Results): string {
  return csv(rowsOf(results), COLUMNS);
}

function rowsOf(results: Results): Row[] {
  const before = preparation(results).map(({ name, seconds }): Row => ({ phase: name, seconds }));
  const cells = cellTimes(results).flatMap(({ cell: name, total, stages, boot }) => {
    const cell = results.cells.find((one) => one.name === name);
    return STAGES.map((stage): Row => ({ cell, phase: stage, seconds: stages[stage] })).concat(
      { cell, phase: 'all', seconds: total },
      boot.map(({ name: phase, seconds }): Row => ({ cell, phase: `boot ${phase}`, seconds })),
    );
  });
  return [...before, ...cells];
}
