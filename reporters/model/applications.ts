/** The paper's figures and its Table 4 only cover applications, not microbenchmarks. */
import { isMicrobenchmark } from '../../fixtures/benchmarks/index.ts';
import type { BenchmarkRow } from './benchmark-row.ts';
import type { Results } from './experiment-results.ts';

export function applicationsOf({ benchmarks }: Results): readonly BenchmarkRow[] {
  return benchmarks.filter(({ name }) => !isMicrobenchmark(name));
}
