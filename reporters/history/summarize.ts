/** What of an experiment goes into the history. */
import { meanOfUnit } from '../../fixtures/statistics/mean-of-unit.ts';
import type { ExperimentRecord } from '../../fixtures/records.ts';
import { InputError } from '../../setup/errors.ts';
import type { BenchmarkRow } from '../benchmark-row.ts';
import type { Results } from '../results.ts';
import type { HistoryExperiment, HistoryResult } from './store.ts';

/** @throws {InputError} NESTBENCH_UNKNOWN_EXPERIMENT where nothing was measured, or nothing says on what. */
export function summarize(results: Results): HistoryExperiment {
  const [start] = results.starts;
  const measured = start === undefined ? [] : resultsOf(results, start);
  if (start === undefined || results.experiment === null || measured.length === 0) {
    throw new InputError(
      'NESTBENCH_UNKNOWN_EXPERIMENT',
      `${results.experiment ?? 'The experiment'} has nothing for the history: ${start === undefined ? 'its journal holds no record of its start' : 'nothing was measured'}.`,
    );
  }
  return {
    name: results.experiment,
    at: start.at,
    commit: start.commit,
    kernel: start.versions['kernel'] ?? null,
    results: measured,
  };
}

function resultsOf({ cells, benchmarks }: Results, start: ExperimentRecord): HistoryResult[] {
  const rows = new Map(benchmarks.map((row) => [row.name, row]));
  return cells.flatMap(({ name: cell, outcomes }) =>
    [...outcomes].flatMap(([benchmark, outcome]): HistoryResult | [] => {
      if (outcome.state !== 'measured') return [];
      const { unit, better, runs } = outcome;
      const means = runs.map(({ values }) => meanOfUnit(unit, values));
      return {
        cell,
        benchmark,
        unit,
        better,
        mean: meanOfUnit(unit, means),
        runs: runs.length,
        samples: runs.reduce((sum, { values }) => sum + values.length, 0),
        kind: kindOf(start, unit, rows.get(benchmark)),
      };
    }),
  );
}

/** Equal for what may stand in one series: `npm run compare` refuses or warns of what differs here. */
function kindOf(
  { testbed, profile, target, host, variant }: ExperimentRecord,
  unit: string,
  row?: BenchmarkRow,
): string {
  return JSON.stringify({
    testbed: testbed.kind,
    accelerator: testbed.accelerator,
    settings: sorted(testbed.settings),
    profile,
    target,
    host: `${host.cpuModel}, ${host.cpus} CPUs`,
    variant: variant?.name,
    unit,
    loader: row?.loader ?? undefined,
    sizes: row?.sizes.map(sorted),
  });
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
