/** Work of a script that shows progress, and ends in order on Ctrl-C. */
import ProgressReporter from '../../reporters/progress.ts';
import { onStopSignals, type StopOptions } from '../../setup/run/stop-signals.ts';

export interface StoppableOptions extends Pick<StopOptions, 'stopping'> {
  /** What is kept of the work. */
  readonly kept?: string;
  /** Ends the work's machines at once, if it has any. */
  readonly endMachines?: StopOptions['endMachines'];
}

/**
 * @param work gets what stops it, which it may also stop itself.
 */
export async function stoppable<T>(
  work: (signal: AbortSignal, stop: (why: Error) => void) => Promise<T>,
  {
    stopping: what = 'removing unfinished files',
    kept = 'What was built stays in the cache.',
    endMachines = async () => {},
  }: StoppableOptions = {},
): Promise<T> {
  await using held = new AsyncDisposableStack();
  const stopping = new AbortController();
  held.defer(
    onStopSignals({
      stop: (by) => stopping.abort(new Error(`stopped by ${by}`)),
      endMachines,
      stopping: what,
      kept: () => kept,
      log: (line) => console.error(line),
    }),
  );
  const progress = new ProgressReporter();
  progress.onTestRunStart();
  held.defer(() => progress.onTestRunEnd());
  return await work(stopping.signal, (why) => stopping.abort(why));
}
