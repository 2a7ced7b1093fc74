/** One iteration of a benchmark on a running stack: what is done before it, the measured command, its value. */
import type { Benchmark, Command, Sizes, Target } from '../../fixtures/benchmarks/benchmark.ts';
import { NestbenchError } from '../errors.ts';
import type { Completed, Machine } from '../machine/machine.ts';
import { clockError, readStopwatch, timed } from './stopwatch.ts';

/** The two machines that a benchmark runs on. */
export interface Bed {
  readonly target: Machine;
  readonly client: Machine;
}

export function machineFor(bed: Bed, { on }: Command): Machine {
  return on === 'client' ? bed.client : bed.target;
}

export type Iteration =
  | { readonly state: 'sampled'; readonly value: number; readonly completed: Completed }
  | { readonly state: 'failed'; readonly error: NestbenchError; readonly completed: Completed | undefined };

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
  const deadlineSeconds = deadlineFor(benchmark.expectedSeconds(sizes));
  const aside = { name: benchmark.name, bed, signal, deadlineSeconds };
  const unready = await runAside(benchmark.before?.(sizes, target) ?? [], aside);
  const iteration: Iteration =
    unready === undefined
      ? await measure(benchmark, sizes, target, bed, { signal, deadlineSeconds })
      : { state: 'failed', error: unready, completed: undefined };
  const untidy = await runAside(benchmark.after?.(sizes, target) ?? [], aside);
  if (untidy === undefined || iteration.state === 'failed') return iteration;
  // The next iteration would not start from where this one did.
  return { state: 'failed', error: untidy, completed: iteration.completed };
}

/** The measured command and what it says. */
async function measure<S extends Sizes>(
  benchmark: Benchmark<S>,
  sizes: S,
  target: Target,
  bed: Bed,
  options: { signal: AbortSignal; deadlineSeconds: number },
): Promise<Iteration> {
  const command = benchmark.command(sizes, target);
  const machine = machineFor(bed, command);
  const { completed, machineSeconds } = readStopwatch(
    await machine.run(timed(command.argv), { ...options, ...inputOf(command) }),
    command.argv,
  );
  if (completed.exitCode !== 0) {
    return { state: 'failed', completed, error: ended(`${benchmark.name} failed`, machine, completed) };
  }
  // Kept with its output, as evidence: what was measured by a wrong clock is a failure of the whole cell.
  const clock = clockError(machine.name, machineSeconds, completed.seconds);
  if (clock !== undefined) return { state: 'failed', completed, error: clock };
  const parsed = benchmark.parse(completed.stdout, sizes);
  if (parsed.ok) return { state: 'sampled', value: parsed.value, completed };
  return {
    state: 'failed',
    completed,
    error: new NestbenchError(
      'NESTBENCH_UNPARSABLE_OUTPUT',
      'benchmark',
      `${benchmark.name} on ${machine.name} ended well and gave no value: ${parsed.reason}.`,
      { machine: machine.name, argv: command.argv, output: lastWords(completed) },
    ),
  };
}

/**
 * Runs what stands around a sample, one after another.
 * @returns the failure of the first that fails: the benchmark's own, as its next one may do better on the same stack.
 */
export async function runAside(
  commands: readonly Command[],
  options: {
    readonly name: string;
    readonly bed: Bed;
    readonly signal: AbortSignal;
    readonly deadlineSeconds: number;
  },
): Promise<NestbenchError | undefined> {
  const { name, bed, signal, deadlineSeconds } = options;
  for (const command of commands) {
    const machine = machineFor(bed, command);
    const completed = await machine.run(command.argv, { signal, deadlineSeconds, ...inputOf(command) });
    if (completed.exitCode !== 0) {
      return ended(`What has to be done before or after a sample of ${name} failed`, machine, completed);
    }
  }
  return undefined;
}

/** The failure of a command that did not end with 0. */
function ended(what: string, machine: Machine, completed: Completed): NestbenchError {
  const { argv, exitCode, signal, seconds } = completed;
  return new NestbenchError(
    'NESTBENCH_COMMAND_FAILED',
    'benchmark',
    `${what} on ${machine.name}: "${argv.join(' ')}" ended with ${exitCode ?? signal} after ${seconds.toFixed(1)} s.`,
    { machine: machine.name, argv, exitCode, seconds, output: lastWords(completed) },
  );
}

function inputOf({ input }: Command): { input?: string } {
  return input === undefined ? {} : { input };
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
