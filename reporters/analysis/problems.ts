/** What failed, was skipped or was not run, grouped so that a shared reason is printed once. */
import type { FailureRecord } from '../../fixtures/records.ts';
import { applicationsOf } from '../model/applications.ts';
import type { Results } from '../model/experiment-results.ts';
import { firstLine } from '../model/text.ts';

export interface Problem {
  /** A single line. */
  readonly reason: string;
  /** What it affected, in words: `l1-dvh, l2-dvh: hackbench, mysql`. */
  readonly where: string;
}

interface Place {
  readonly cell: string;
  /** null for the cell itself. */
  readonly benchmark: string | null;
  readonly reason: string;
}

/** Every failure in the journal, of cells and of benchmarks, with or without samples. */
export function failures(results: Results): Problem[] {
  return grouped(
    results,
    results.cells.flatMap(({ failures: own, outcomes }) => [
      ...own.map(failurePlace),
      ...[...outcomes.values()].flatMap((outcome) =>
        'failures' in outcome ? outcome.failures.map(failurePlace) : [],
      ),
    ]),
  );
}

export function skips(results: Results): Problem[] {
  return grouped(
    results,
    results.cells.flatMap(({ name: cell, outcomes }) =>
      [...outcomes].flatMap(([benchmark, outcome]) =>
        outcome.state === 'skipped' ? { cell, benchmark, reason: firstLine(outcome.reason) } : [],
      ),
    ),
  );
}

/** The applications that were not run, in one line: `l0-baseline, l1-baseline; l2-baseline: mysql`. Empty if all were. */
export function notRun(results: Results): string {
  const benchmarks = applicationsOf(results);
  const places = results.cells.flatMap(({ name: cell, outcomes }) =>
    benchmarks.flatMap(({ name: benchmark }) => {
      const outcome = outcomes.get(benchmark);
      return outcome?.state === 'missing' ? { cell, benchmark, reason: outcome.reason } : [];
    }),
  );
  return describe({ ...results, benchmarks }, places);
}

function failurePlace({ cell, benchmark, code, kind, machine, message }: FailureRecord): Place {
  const facts = machine === undefined ? kind : `${kind}, on ${machine}`;
  return { cell, benchmark, reason: `${code} (${facts}): ${firstLine(message)}` };
}

function grouped(results: Results, places: readonly Place[]): Problem[] {
  return [...Map.groupBy(places, ({ reason }) => reason)].map(([reason, its]) => ({
    reason,
    where: describe(results, its),
  }));
}

/** Cells with the same benchmarks are named together. */
function describe({ cells, benchmarks }: Results, places: readonly Place[]): string {
  const benchmarksOf = [...Map.groupBy(places, ({ cell }) => cell)].map(([cell, its]) => {
    const names = new Set(its.map(({ benchmark }) => benchmark));
    const whole = names.has(null) || names.size === benchmarks.length;
    return { cell, names: whole ? '' : [...names].join(', ') };
  });
  return [...Map.groupBy(benchmarksOf, ({ names }) => names)]
    .map(([names, its]) => {
      const where = its.length === cells.length ? 'every cell' : its.map(({ cell }) => cell).join(', ');
      return names === '' ? where : `${where}: ${names}`;
    })
    .join('; ');
}
