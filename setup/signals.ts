/**
 * What a run does when it is told to stop. Vitest's own answer to Ctrl-C, SIGTERM and SIGHUP is to exit at once,
 * without any teardown, which would leave QEMUs behind: ours cancels the run, lets the workers end their machines, and
 * then exits. A second signal ends what is left at once.
 */
import { constants } from 'node:os';
import type { CancelReason } from 'vitest';
import type { Vitest } from 'vitest/node';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * How long the workers may take to end a stack: QEMU gets two seconds before it is killed. A signal in the moment in
 * which a worker is spawned can hang Vitest (measured), so there has to be an end.
 */
const GRACE_MS = 45_000;

export interface StopOptions {
  /** Aborted at the first signal: stops what the main process itself is doing. */
  readonly controller: AbortController;
  /** Ends, at once, whatever machines are left. */
  readonly endMachines: () => Promise<unknown>;
  readonly log: (line: string) => void;
}

/** Takes over the signals. @returns gives them back. */
export function stopGracefully(vitest: Vitest, { controller, endMachines, log }: StopOptions): () => void {
  let stopping = false;
  // Whatever Vitest sets meanwhile, a stopped run ends with 128 + the signal's number, as shells count.
  let exitCode: number | undefined;
  const keepExitCode = (): void => {
    if (exitCode !== undefined) process.exitCode = exitCode;
  };
  const exitNow = async (): Promise<void> => {
    await endMachines();
    keepExitCode();
    process.exit();
  };
  const onSignal = (signal: (typeof SIGNALS)[number]): void => {
    exitCode = 128 + constants.signals[signal];
    if (stopping) {
      log(`${signal} again: ending everything now.`);
      void exitNow();
      return;
    }
    stopping = true;
    log(`${signal}: ending the machines. What was measured is in the journal. Once more ends at once.`);
    controller.abort(new Error(`stopped by ${signal}`));
    setTimeout(() => void exitNow(), GRACE_MS).unref();
    void vitest
      // The workers' records say which signal it was; Vitest hands on any word, though its types name its own two.
      .cancelCurrentRun(signal as string as CancelReason)
      .then(() => vitest.exit(true))
      .catch(exitNow);
  };
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, onSignal);
  }
  process.on('exit', keepExitCode);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
