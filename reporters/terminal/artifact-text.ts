/**
 * What the artifact's `results.py TEST-NAME [BENCHMARK]` prints: the benchmark's name; a line with that name between
 * ten dashes and ten; a row an iteration and a column a run; sixty dashes; an empty line. (These are the script's own
 * dashes; the listing in its README is shortened.)
 */
import type { Results } from '../model/experiment-results.ts';
import { seriesCsv } from '../model/artifact-series.ts';

/**
 * @param benchmark prints this one only.
 * @returns the text, in which each cell has a line of its own where the journal measured more than one.
 */
export function artifactText({ cells }: Results, benchmark?: string): string {
  const parts = cells.map(({ name, outcomes }) => ({
    name,
    series: [...outcomes].flatMap(([test, outcome]) =>
      outcome.state === 'measured' && (benchmark === undefined || test === benchmark)
        ? `${test}\n----------${test}----------\n${seriesCsv(outcome)}${'-'.repeat(60)}\n\n`
        : [],
    ),
  }));
  const several = cells.filter(isMeasured).length > 1;
  return parts
    .filter(({ series }) => series.length > 0)
    .map(({ name, series }) => (several ? `== ${name} ==\n` : '') + series.join(''))
    .join('');
}

/** Names of the benchmarks that have samples in at least one cell, in their order. */
export function measuredBenchmarks({ benchmarks, cells }: Results): string[] {
  return benchmarks
    .map(({ name }) => name)
    .filter((name) => cells.some(({ outcomes }) => outcomes.get(name)?.state === 'measured'));
}

function isMeasured({ outcomes }: Results['cells'][number]): boolean {
  return [...outcomes.values()].some(({ state }) => state === 'measured');
}
