/** Takes samples one after another, through tinybench. */
import { Bench } from 'tinybench';
import { toNestbenchError } from '../lib/errors.ts';

/**
 * Takes up to `count` samples, one after another. Ends at the first benchmark failure.
 * @throws anything that is not a benchmark failure.
 */
export async function sampleRounds(
  count: number,
  signal: AbortSignal,
  sample: () => Promise<number>,
): Promise<void> {
  // Exactly `count` calls: by default tinybench would add warmup calls, and continue until a time has passed.
  const bench = new Bench({ iterations: count, time: 0, warmup: false, concurrency: null, signal });
  bench.add('samples', async () => ({ overriddenDuration: await sample() }), { async: true });
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state === 'errored' && toNestbenchError(result.error).kind !== 'benchmark') throw result.error;
  signal.throwIfAborted();
}
