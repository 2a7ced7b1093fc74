/**
 * The signal that ends everything in this worker when the run is cancelled. Vitest aborts only the signals of running
 * tests; a boot is a hook, and is told through the runner. Runner and suites have the same copy of this module, since it
 * is Node that imports it for both (vitest.config.ts); that a Ctrl-C ends a boot is tested by stopping.end-to-end.test.ts.
 */
import { AbortedError } from '../lib/errors.ts';

const controller = new AbortController();

export function cancellation(): AbortSignal {
  return controller.signal;
}

/** The first reason stays. */
export function cancel(reason: string): void {
  controller.abort(
    new AbortedError({
      message: `The run was stopped (${reason}). What was measured until then is in the journal.`,
    }),
  );
}
