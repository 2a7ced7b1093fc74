/** How a command runs on every machine: its deadline, its abort, and the guarantee that it has ended. */
import { AnnotatedError, type NestbenchError } from '../lib/errors.ts';
import { aborted, reasonOf, words } from '../lib/error-text.ts';
import { LONGEST_TIMER_MS } from '../lib/wait.ts';
import { CommandDeadlineError, CommandFailedError, CommandOutputError } from './machine-errors.ts';
import type { Completed, Machine, RunningCommand, RunOptions } from './machine.ts';
import type { Output } from './output.ts';

/** SIGTERM first, then SIGKILL after this time if the process group still exists. */
export const GRACE_MS = 2000;

/** A process as a machine provides it. */
export interface StartedProcess {
  readonly argv: readonly string[];
  readonly started: Date;
  /** The same moment by `performance.now()`: before it was requested, so that all of the command's own time counts. */
  readonly startedAt: number;
  readonly output: Output;
  /** Settles once it has exited and its output is complete; rejects if that can't be known any more. */
  readonly closed: Promise<{ exitCode: number | null; signal: string | null }>;
  /**
   * Sends SIGTERM, then SIGKILL, to its group. Resolves once nothing of it is left and `closed` is settled or about to
   * be.
   */
  end(): Promise<void>;
}

/** Supervises a started process until it ends, by itself or by deadline, abort or stop. */
export function supervise(machine: string, process: StartedProcess, options: RunOptions): RunningCommand {
  const { argv, started, startedAt, output } = process;
  const { signal, deadlineSeconds, shown = argv } = options;
  const facts = { machine, argv: shown };
  const interrupted = Promise.withResolvers<never>();
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => (ending ??= process.end());

  const endAndReject = async (error: NestbenchError): Promise<void> => {
    try {
      await end();
    } catch (failure) {
      const message = `${error.message} Whether it is still running there is unknown: ${reasonOf(failure)}`;
      // Whatever ended it: a machine on which it may still run has changed.
      interrupted.reject(new AnnotatedError(error, { message, kind: 'infrastructure' }));
    }
    interrupted.reject(error);
  };
  let why: NestbenchError | undefined;
  const interrupt = (error: NestbenchError): void => {
    if (why !== undefined) return;
    why = error;
    void endAndReject(error);
  };
  const onAbort = (): void => interrupt(aborted(signal, `"${words(shown)}" on ${machine}`, facts));
  const timer = setTimeout(
    () => interrupt(new CommandDeadlineError({ ...facts, seconds: deadlineSeconds, output: output.all })),
    Math.min(deadlineSeconds * 1000, LONGEST_TIMER_MS),
  );
  if (!Number.isFinite(deadlineSeconds)) clearTimeout(timer);
  output.onFull(() => interrupt(new CommandOutputError({ ...facts, output: output.all })));
  signal.addEventListener('abort', onAbort, { once: true });

  const settle = async (): Promise<Completed> => {
    try {
      const closed = await Promise.race([process.closed, interrupted.promise]);
      if (why !== undefined) return await interrupted.promise;
      const seconds = (performance.now() - startedAt) / 1000;
      return { argv, stdout: output.stdout, stderr: output.stderr, ...closed, seconds, started };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  };
  const exited = settle();
  exited.catch(() => {});
  if (signal.aborted) onAbort();

  const stop = async (): Promise<Completed> => {
    await end();
    return exited;
  };
  return {
    exited,
    output: () => output.all,
    stop,
    async [Symbol.asyncDispose]() {
      // `exited` reports why it failed; disposing only makes sure that it has ended.
      await Promise.allSettled([stop()]);
    },
  };
}

/** `run` and `check` for a machine that can `start`. */
export async function runToEnd(
  machine: Pick<Machine, 'start'>,
  argv: readonly string[],
  options: RunOptions,
): Promise<Completed> {
  const running = await machine.start(argv, options);
  return running.exited;
}

export async function checkedOutput(
  machine: Pick<Machine, 'name' | 'run'>,
  argv: readonly string[],
  options: RunOptions,
): Promise<string> {
  const completed = await machine.run(argv, options);
  if (completed.exitCode !== 0) throw new CommandFailedError({ machine: machine.name, completed });
  return completed.stdout;
}

/** Throws before anything is started that could not run. */
export function assertRunnable(machine: string, argv: readonly string[], signal: AbortSignal): void {
  if (argv.length === 0) throw new RangeError('A command needs at least one word.');
  if (argv.some((word) => word.includes('\0')))
    throw new RangeError(`An argv can't contain a NUL: ${words(argv)}.`);
  if (signal.aborted) throw aborted(signal, `"${words(argv)}" on ${machine}`, { machine, argv });
}
