/** Takes samples one after another, through tinybench. */
import { Bench } from 'tinybench';
import { type NestbenchError, toNestbenchError } from '../lib/errors.ts';

/**
 * Takes up to `count` samples, one after another.
 * @returns the benchmark failure that ended them early, as it was thrown.
 * @throws anything that is not a benchmark failure.
 */
export async function sampleRounds(
  count: number,
  signal: AbortSignal,
  sample: () => Promise<number>,
): Promise<NestbenchError | undefined> {
  // Exactly `count` calls: by default tinybench would add warmup calls, and continue until a time has passed.
  const bench = new Bench({ iterations: count, time: 0, warmup: false, concurrency: null, signal });
  bench.add('samples', async () => ({ overriddenDuration: await sample() }), { async: true });
  const [task] = await bench.run();
  const result = task?.result;
  const failure = result?.state === 'errored' ? toNestbenchError(result.error) : undefined;
  if (failure !== undefined && failure.kind !== 'benchmark') throw failure;
  signal.throwIfAborted();
  return failure;
}
