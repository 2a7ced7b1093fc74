/** The numbers of cells that can only be compared with one another, because the bare machine was not measured. */
import { applicationsOf } from '../model/applications.ts';
import type { BenchmarkRow } from '../model/benchmark-row.ts';
import { type CellResults, type Measured, outcomeOf, type Results } from '../model/experiment-results.ts';
import { NATIVE_CELL } from './overhead.ts';

export interface Value {
  readonly benchmark: BenchmarkRow;
  readonly cell: CellResults;
  readonly outcome: Measured;
}

/** By benchmark, then by cell in the matrix's order. */
export function valuesWithoutNative(results: Results): Value[] {
  return applicationsOf(results)
    .filter(({ name }) => outcomeOf(results, NATIVE_CELL, name).state !== 'measured')
    .flatMap((benchmark) =>
      results.cells.flatMap((cell) => {
        const outcome = cell.outcomes.get(benchmark.name);
        return outcome?.state === 'measured' ? { benchmark, cell, outcome } : [];
      }),
    );
}
