/**
 * The signal that ends everything in this worker when the run is cancelled. Vitest only aborts the signals of running
 * tests; a boot is a hook, and is aborted through the runner. Runner and suites share this module, because Node imports
 * it for both (vitest.config.ts). stopping.end-to-end.test.ts tests that a Ctrl-C ends a boot.
 */
import { AbortedError } from '../lib/errors.ts';

const controller = new AbortController();

/** Cancels a worker that was still starting when Vitest told the workers of it (worker-signals.ts). */
export const CANCEL_SIGNAL = 'SIGUSR2';

export function cancellation(): AbortSignal {
  return controller.signal;
}

/** The first reason is kept. */
export function cancel(reason: string): void {
  controller.abort(new AbortedError({ message: stopSentence(reason) }));
}

/** @param reason what stopped the run, such as `SIGINT`; or the whole sentence of an error that did. */
export function stopSentence(reason: string): string {
  if (reason.endsWith('.')) return reason;
  return `The run was stopped (${reason}). What was measured until then is in the journal.`;
}
