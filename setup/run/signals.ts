/**
 * What a run of Vitest does when it is stopped. Vitest's own answer is to exit at once, without any teardown,
 * which would leave QEMUs behind: ours cancels the run, lets the workers end their machines, and then exits. A signal
 * in the moment in which a worker is spawned can hang Vitest (measured), which is why a stop has an end of its own.
 */
import type { CancelReason } from 'vitest';
import type { Vitest } from 'vitest/node';
import type { NestbenchError } from '../lib/errors.ts';
import { catchesSignal, processArgv, processIds, processStat } from '../lib/proc.ts';
import { CANCEL_SIGNAL } from './cancellation.ts';
import { onStopSignals, type StopOptions } from './stop-signals.ts';

/**
 * How long workers have to notice that the run was cancelled. Vitest tells only those that listen already: of 18 runs
 * that were stopped in their first 4 s, 2 went on measuring (measured).
 */
const NOTICE_MS = 2000;

/**
 * Takes over the signals.
 * @returns a function that restores the previous handlers.
 */
export function stopGracefully(
  vitest: Vitest,
  options: Pick<StopOptions, 'endMachines' | 'log'> & {
    /** Aborted at the first signal: stops the work of the main process itself. */
    readonly controller: AbortController;
  },
): () => void {
  return onStopSignals({
    ...options,
    kept: () => 'What was measured is in the journal.',
    async stop(signal) {
      options.controller.abort(new Error(`stopped by ${signal}`));
      await cancelRun(vitest, signal);
      await vitest.exit(true);
    },
  });
}

/** Ends a run that can't go on, as a signal would, with this error as the reason of everything that was not measured. */
export async function endEarly(
  vitest: Vitest,
  controller: AbortController,
  error: NestbenchError,
): Promise<void> {
  vitest.logger.error(error.message);
  process.exitCode = 1;
  controller.abort(error);
  await cancelRun(vitest, error.message);
}

/** Tells every worker to stop, including those that are still starting. */
async function cancelRun(vitest: Vitest, reason: string): Promise<void> {
  // The workers' records have the reason; Vitest passes any string on, though its types allow only its own two.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const cancelled = vitest.cancelCurrentRun(reason as CancelReason);
  const again = setInterval(cancelWorkers, NOTICE_MS).unref();
  await cancelled;
  clearInterval(again);
}

/** Loaded first by every worker (vitest.config.ts). */
const WORKER_MODULE = '/setup/run/worker-signals.ts';

function cancelWorkers(): void {
  for (const pid of processIds()) {
    const isWorker =
      processStat(pid)?.parent === process.pid &&
      processArgv(pid).some((word) => word.endsWith(WORKER_MODULE)) &&
      // One that does not catch it yet would be killed by it, with its machines still running.
      catchesSignal(pid, CANCEL_SIGNAL);
    if (!isWorker) continue;
    try {
      process.kill(pid, CANCEL_SIGNAL);
    } catch {
      // It has just ended.
    }
  }
}
