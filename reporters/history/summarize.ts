/** Converts an experiment to its entry in the history. */
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { InputError } from '../../setup/lib/errors.ts';
import { measurementOf } from '../model/measurement.ts';
import type { Results } from '../model/experiment-results.ts';
import { toolchainOf } from '../analysis/toolchain-changes.ts';
import { kindOf } from './kind.ts';
import type { HistoryExperiment, HistoryResult } from './history-store.ts';

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT if nothing was measured, or the journal has no record of its start.
 */
export function summarize(results: Results): HistoryExperiment {
  const [start] = results.starts;
  const measured = start === undefined ? [] : resultsOf(results, start);
  if (start === undefined || results.experiment === null || measured.length === 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `${results.experiment ?? 'The experiment'} has nothing to add to the history: ${start === undefined ? 'its journal has no record of its start' : 'nothing was measured'}.`,
    );
  }
  return {
    name: results.experiment,
    at: start.at,
    commit: start.commit,
    kernel: start.versions['kernel'] ?? null,
    toolchain: toolchainOf(start) ?? null,
    results: measured,
  };
}

function resultsOf({ cells, benchmarks }: Results, start: ExperimentRecord): HistoryResult[] {
  const rows = new Map(benchmarks.map((row) => [row.name, row]));
  return cells.flatMap(({ name: cell, outcomes }) =>
    [...outcomes].flatMap(([benchmark, outcome]): HistoryResult | [] => {
      if (outcome.state !== 'measured') return [];
      const { unit, better } = outcome;
      const { mean, runs, samples } = measurementOf(outcome);
      const kind = kindOf(start, unit, rows.get(benchmark));
      return { cell, benchmark, unit, better, mean, runs, samples, kind };
    }),
  );
}
