/** What the paper's figures and its Table 4 are of: applications, and not microbenchmarks. */
import { isMicrobenchmark } from '../../fixtures/benchmarks/index.ts';
import type { BenchmarkRow } from './benchmark-row.ts';
import type { Results } from './experiment-results.ts';

export function applicationsOf({ benchmarks }: Results): readonly BenchmarkRow[] {
  return benchmarks.filter(({ name }) => !isMicrobenchmark(name));
}
