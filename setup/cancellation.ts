/**
 * The signal that ends everything in this worker when the run is cancelled. Vitest aborts only the signals of running
 * tests; a boot is a hook, and is told through the runner. The runner and the suites may each have a copy of this
 * module, and of our errors: what they share is one controller that carries a word.
 */
import { NestbenchError } from './errors.ts';

declare global {
  var nestbenchCancellation: AbortController | undefined;
}
const word = (globalThis.nestbenchCancellation ??= new AbortController());

const own = new AbortController();
const stop = (): void =>
  own.abort(
    new NestbenchError(
      'NESTBENCH_ABORTED',
      'infrastructure',
      `The run was stopped (${String(word.signal.reason)}). What was measured until then is in the journal.`,
    ),
  );
// A copy that is loaded after the cancel is cancelled, too.
if (word.signal.aborted) stop();
else word.signal.addEventListener('abort', stop);

export function cancellation(): AbortSignal {
  return own.signal;
}

export function cancel(reason: string): void {
  word.abort(reason);
}
