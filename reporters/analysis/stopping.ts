/** Why the series that a rule ended (fixtures/statistics/stop-rule.ts) have the number of samples that they have. */
import type { SeriesRecord, StopRecord } from '../../fixtures/records.ts';
import { runKey } from '../model/journal-index.ts';
import type { CellResults, Results } from '../model/experiment-results.ts';

export interface Stopping {
  readonly cell: CellResults;
  readonly benchmark: string;
  readonly run: number;
  readonly rule: NonNullable<SeriesRecord['rule']>;
  /** null if the run was cut short: then no rule ended it. */
  readonly stop: StopRecord | null;
}

/** Every run with a stopping rule, cell by cell. */
export function stoppingOf({ cells, records }: Results): Stopping[] {
  const stops = new Map(
    records.filter((record) => record.type === 'stop').map((record) => [runKey(record), record]),
  );
  const series = Map.groupBy(
    records.filter((record) => record.type === 'series'),
    ({ cell }) => cell,
  );
  return cells.flatMap((cell) =>
    (series.get(cell.name) ?? []).flatMap((record) => {
      const { benchmark, run, rule } = record;
      return rule === undefined
        ? []
        : { cell, benchmark, run, rule, stop: stops.get(runKey(record)) ?? null };
    }),
  );
}
