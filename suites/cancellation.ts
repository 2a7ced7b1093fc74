/**
 * The signal that ends everything in this worker when the run is cancelled. Vitest aborts only the signals of running
 * tests; a boot is a hook, and is told through the runner. Both the runner's copy of this module and the suites' (a
 * worker may load it twice) share one controller.
 */
import { NestbenchError } from '../setup/errors.ts';

const KEY = Symbol.for('nestbench.cancellation');
const shared = globalThis as { [KEY]?: AbortController };

function controller(): AbortController {
  return (shared[KEY] ??= new AbortController());
}

export function cancellation(): AbortSignal {
  return controller().signal;
}

export function cancel(reason: string): void {
  controller().abort(
    new NestbenchError('NESTBENCH_ABORTED', 'infrastructure', `The run was stopped (${reason}).`),
  );
}
