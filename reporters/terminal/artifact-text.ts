/**
 * The output of the artifact's `results.py TEST-NAME [BENCHMARK]`: the benchmark's name between ten dashes on each
 * side; one row per iteration and one column per run; sixty dashes; an empty line. (These are the script's own dashes;
 * the listing in its README is shortened.)
 */
import type { Results } from '../model/experiment-results.ts';
import { seriesCsv } from '../model/artifact-series.ts';

/**
 * @param benchmark prints only this one.
 * @returns the text. If the journal measured several cells, each has its own line.
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
