/** Did it become slower? Two experiments, benchmark by benchmark and cell by cell. */
import type { Results } from '../results.ts';
import type { CompareOptions, Comparison } from './comparison.ts';

/** What changed from `base` to `head`, and whether that is a regression. */
export function compareExperiments(base: Results, head: Results, options: CompareOptions = {}): Comparison {
  throw new Error(`not built yet: ${[base, head, options].length}`);
}
