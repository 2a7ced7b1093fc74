/**
 * What a command does when it is stopped by Ctrl-C, SIGTERM or SIGHUP: at the first signal it stops its work,
 * which ends its machines in order; a second signal, or a stop that takes too long, ends what is left at once.
 */
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof SIGNALS)[number];

/** How long ending a stack may take: QEMU gets two seconds before it is killed. */
const GRACE_MS = 45_000;

export interface StopOptions {
  /** Stops the work, once. If it rejects, what is left is ended at once. */
  readonly stop: (signal: StopSignal) => void | Promise<void>;
  /** Ends all remaining machines at once. */
  readonly endMachines: () => Promise<unknown>;
  /** What the stop does, for the person who waits for it; `ending the machines` by default. */
  readonly stopping?: string;
  /** A sentence about what is kept of the work so far. */
  readonly kept: () => string;
  readonly log: (line: string) => void;
}

/** Takes over the signals. @returns a function that restores the previous handlers, in their order. */
export function onStopSignals({
  stop,
  endMachines,
  stopping: what = 'ending the machines',
  kept,
  log,
}: StopOptions): () => void {
  let stopping = false;
  // A stopped command exits with 128 + the signal's number, as in shells, whatever else sets an exit code.
  let exitCode: number | undefined;
  const keepExitCode = (): void => {
    if (exitCode !== undefined) process.exitCode = exitCode;
  };
  const exitNow = async (): Promise<void> => {
    await endMachines();
    keepExitCode();
    process.exit();
  };
  const onSignal = (signal: StopSignal): void => {
    exitCode = 128 + constants.signals[signal];
    if (stopping) {
      log(`${signal} again: ending everything now.`);
      void exitNow();
      return;
    }
    stopping = true;
    log(`${signal}: ${what}. ${kept()} Once more ends at once.`);
    setTimeout(() => void exitNow(), GRACE_MS).unref();
    void Promise.try(stop, signal).catch(exitNow);
  };
  const taken = SIGNALS.map((signal) => {
    const listeners = listenersOf(signal);
    process.removeAllListeners(signal);
    process.on(signal, onSignal);
    return { signal, listeners };
  });
  process.on('exit', keepExitCode);
  return () => {
    for (const { signal, listeners } of taken) {
      process.off(signal, onSignal);
      const since = listenersOf(signal);
      process.removeAllListeners(signal);
      for (const listener of [...listeners, ...since]) process.on(signal, listener);
    }
    if (!stopping) process.off('exit', keepExitCode);
  };
}

/** As they are registered: one for a single signal keeps its wrapper, and so still goes after it. */
function listenersOf(signal: StopSignal): NodeJS.SignalsListener[] {
  // Node's types know no listener of one event from that of another.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return process.rawListeners(signal) as NodeJS.SignalsListener[];
}
