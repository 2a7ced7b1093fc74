/** One iteration of a benchmark on a running stack: what is done before it, the measured command, its value. */
import type { Benchmark, Sizes, Target, Work } from '../../fixtures/benchmarks/benchmark.ts';
import { NestbenchError } from '../errors.ts';
import type { Completed } from '../machine/machine.ts';
import { type Bed, machineFor } from './bed.ts';
import { type Counted, runCounted } from './counted.ts';
import { clockError } from './stopwatch.ts';

/** When an iteration ran, and beside what. */
export interface Circumstances extends Pick<Counted, 'startedAt' | 'endedAt' | 'l0'> {
  /** How long the benchmark's own commands before it took. */
  readonly beforeSeconds: number;
}

export type Iteration = { readonly completed: Completed; readonly circumstances: Circumstances } & (
  | { readonly state: 'sampled'; readonly value: number; readonly work: Work | undefined }
  | { readonly state: 'failed'; readonly error: NestbenchError }
);

/**
 * How much longer than expected a command may take before it counts as hung: deep levels under emulation are many
 * times slower than the expectation for an unloaded machine (hackbench: 46 s where 8 were seen, setup/testbed/emulation.md).
 */
const PATIENCE = 20;
const LEAST_SECONDS = 120;

export function deadlineFor(expectedSeconds: number): number {
  return Math.max(LEAST_SECONDS, expectedSeconds * PATIENCE);
}

/**
 * Runs one iteration. A tool that fails or says no number gives a failure, never a sample.
 * @throws NestbenchError of kind infrastructure where a machine is lost, hangs or the run is aborted.
 */
export async function iterate<S extends Sizes>(
  benchmark: Benchmark<S>,
  sizes: S,
  target: Target,
  bed: Bed,
  signal: AbortSignal,
): Promise<Iteration> {
  const options = { signal, deadlineSeconds: deadlineFor(benchmark.expectedSeconds(sizes)) };
  const beganAt = performance.now();
  for (const command of benchmark.before?.(sizes) ?? []) {
    await machineFor(bed, command).check(command.argv, options);
  }
  const beforeSeconds = (performance.now() - beganAt) / 1000;
  const command = benchmark.command(sizes, target);
  const { completed, machineSeconds, ...counted } = await runCounted(bed, command, options);
  const circumstances = { beforeSeconds, ...counted };
  const machine = machineFor(bed, command);
  if (completed.exitCode !== 0) {
    return {
      state: 'failed',
      completed,
      circumstances,
      error: new NestbenchError(
        'NESTBENCH_COMMAND_FAILED',
        'benchmark',
        `${benchmark.name} failed on ${machine.name}: "${command.argv.join(' ')}" ended with ${completed.exitCode ?? completed.signal} after ${completed.seconds.toFixed(1)} s.`,
        {
          machine: machine.name,
          argv: command.argv,
          exitCode: completed.exitCode,
          seconds: completed.seconds,
          output: lastWords(completed),
        },
      ),
    };
  }
  // Kept with its output, as evidence: what was measured by a wrong clock is a failure of the whole cell.
  const clock = clockError(machine.name, machineSeconds, completed.seconds);
  if (clock !== undefined) return { state: 'failed', completed, circumstances, error: clock };
  const parsed = benchmark.parse(completed.stdout);
  if (parsed.ok) {
    return { state: 'sampled', value: parsed.value, work: parsed.work, completed, circumstances };
  }
  return {
    state: 'failed',
    completed,
    circumstances,
    error: new NestbenchError(
      'NESTBENCH_UNPARSABLE_OUTPUT',
      'benchmark',
      `${benchmark.name} on ${machine.name} ended well and gave no value: ${parsed.reason}.`,
      { machine: machine.name, argv: command.argv, output: lastWords(completed) },
    ),
  };
}

const TAIL_LINES = 20;

/** The end of what a tool printed, both streams, for a failure record. */
function lastWords({ stdout, stderr }: Completed): string {
  return `${stdout}\n${stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
}

/** A tool's raw output as it is kept: what was run, how it ended, and both streams whole. */
export function rawOutput(completed: Completed): string {
  return [
    `$ ${completed.argv.join(' ')}`,
    `# started ${completed.started.toISOString()}, ${completed.seconds.toFixed(3)} s, exit ${completed.exitCode ?? completed.signal}`,
    '--- stdout',
    completed.stdout,
    '--- stderr',
    completed.stderr,
  ].join('\n');
}
