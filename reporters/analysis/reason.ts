/** Why a number is missing or incomplete, in one line for a CSV field. */
import type { Outcome } from '../model/experiment-results.ts';
import { firstLine } from '../model/text.ts';

/** Empty if the benchmark was measured and nothing failed. */
export function reasonOf(outcome: Outcome): string {
  if (outcome.state === 'measured') {
    const [failure] = outcome.failures;
    return failure ? `measured in part: ${failure.code}: ${firstLine(failure.message)}` : '';
  }
  if (outcome.state === 'failed') return `${outcome.code}: ${firstLine(outcome.reason)}`;
  return outcome.state === 'skipped' ? `skipped: ${firstLine(outcome.reason)}` : outcome.reason;
}
