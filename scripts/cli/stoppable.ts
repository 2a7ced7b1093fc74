/** Work of a script that shows progress, and ends in order on Ctrl-C. */
import ProgressReporter from '../../reporters/progress.ts';
import { onStopSignals } from '../../setup/run/stop-signals.ts';

export async function stoppable(
  work: (signal: AbortSignal) => Promise<void>,
  { stopping: what = 'removing unfinished files', kept = 'What was built stays in the cache.' } = {},
): Promise<void> {
  await using held = new AsyncDisposableStack();
  const stopping = new AbortController();
  held.defer(
    onStopSignals({
      stop: (by) => stopping.abort(new Error(`stopped by ${by}`)),
      endMachines: async () => {},
      stopping: what,
      kept: () => kept,
      log: (line) => console.error(line),
    }),
  );
  const progress = new ProgressReporter();
  progress.onTestRunStart();
  held.defer(() => progress.onTestRunEnd());
  await work(stopping.signal);
}
