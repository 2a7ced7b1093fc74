/**
 * Runs benchmarks once, as small as possible, and discards the output: what the first run of a program reads from disk,
 * the second finds in memory, at every level. A stack that boots is primed with what is measured on it, and with all
 * others before it is saved, so that the first sample is as cheap as the second, booted or restored.
 */
import { randomBytes } from 'node:crypto';
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import { toNestbenchError } from '../lib/errors.ts';
import { iterate, runUnmeasured } from '../measure/sample.ts';
import { startService } from '../measure/service.ts';
import type { Phase } from '../lib/phase-clock.ts';
import type { RunningStack } from '../stack/running.ts';

const PASSWORD_BYTES = 16;
/** Reading 40 MB at L3 took seconds. */
const PRIME_SECONDS = 120;

/** Brings a stack up and primes it; if priming fails, the stack is ended. */
export async function primed<S extends RunningStack>(
  bringUp: () => Promise<S>,
  benchmarks: readonly Benchmark[],
  onStep?: (text: string) => void,
): Promise<{ stack: S; phases: readonly Phase[] }> {
  const stack = await bringUp();
  const began = performance.now();
  try {
    await prime(stack, benchmarks, onStep);
  } catch (thrown) {
    const cause = await stack.causeOf(thrown);
    await stack[Symbol.asyncDispose]();
    throw cause;
  }
  return { stack, phases: [...stack.phases, { name: 'prime', seconds: (performance.now() - began) / 1000 }] };
}

/**
 * @param onStep called with the benchmark that runs.
 * @throws NestbenchError of kind infrastructure if a machine is lost or the run is stopped. A failure of a benchmark is
 * ignored here and reported when it is measured.
 */
export async function prime(
  running: RunningStack,
  benchmarks: readonly Benchmark[],
  onStep?: (text: string) => void,
): Promise<void> {
  for (const benchmark of benchmarks) {
    onStep?.(`priming: ${benchmark.name}`);
    try {
      await runOnce(benchmark, running);
    } catch (thrown) {
      const error = toNestbenchError(thrown);
      if (error.kind !== 'benchmark') throw error;
    }
  }
}

async function runOnce(benchmark: Benchmark, running: RunningStack): Promise<void> {
  const { underTest, signal } = running;
  const instead = benchmark.prime?.(underTest);
  if (instead !== undefined) {
    const { name } = benchmark;
    await runUnmeasured(instead, { name, machines: running, signal, deadlineSeconds: PRIME_SECONDS });
    return;
  }
  const sizes = benchmark.sizes.smoke;
  const wanted = benchmark.service?.(sizes, underTest, randomBytes(PASSWORD_BYTES).toString('hex'));
  await using service = wanted && (await startService(benchmark.name, wanted, running, signal));
  await iterate(benchmark, sizes, underTest, running, signal);
  await service?.end();
}
