/** One iteration of a benchmark on a running stack: the commands before it, the measured command, its value. */
import type { Benchmark, Command, Sizes, Target, Work } from '../../fixtures/benchmarks/benchmark.ts';
import type { NestbenchError } from '../lib/errors.ts';
import { BenchmarkError, OutputError } from './measure-errors.ts';
import type { Completed, Machine } from '../machine/machine.ts';
import { type TargetMachines, machineFor } from './target-machines.ts';
import { type Counted, runCounted } from './counted.ts';
import { incidentError, incidentsSinceLast } from './sample-incidents.ts';
import { clockError } from './stopwatch.ts';

/** When the measured command ran, and next to what. */
type When = Pick<Counted, 'startedAt' | 'endedAt' | 'l0' | 'host'>;

/** How long the benchmark's own commands around the sample took. */
interface UnmeasuredSeconds {
  readonly beforeSeconds: number;
  readonly afterSeconds: number;
}

type Outcome =
  | {
      readonly state: 'sampled';
      readonly value: number;
      readonly work: Work | undefined;
      readonly rates?: Readonly<Record<string, number>> | undefined;
      readonly completed: Completed;
      readonly counted: When;
    }
  | {
      readonly state: 'failed';
      readonly error: NestbenchError;
      /** Undefined if the measured command did not run. */
      readonly completed: Completed | undefined;
      readonly counted: When | undefined;
    };

export type Iteration = Outcome & UnmeasuredSeconds;

/**
 * How many times longer than expected a command may take before it counts as hung. Deep levels under emulation are many
 * times slower than expected on an unloaded machine (hackbench: 46 s instead of 8, docs/emulated-testbed.md).
 */
const PATIENCE = 20;
const MIN_SECONDS = 120;

export function deadlineFor(expectedSeconds: number): number {
  return Math.max(MIN_SECONDS, expectedSeconds * PATIENCE);
}

/**
 * Runs one iteration. A tool that fails or prints no number gives a failure, never a sample.
 * @throws NestbenchError of kind infrastructure if a machine is lost or hangs, or the run is aborted.
 */
export async function iterate<S extends Sizes>(
  benchmark: Benchmark<S>,
  sizes: S,
  target: Target,
  machines: TargetMachines,
  signal: AbortSignal,
): Promise<Iteration> {
  const deadlineSeconds = deadlineFor(benchmark.expectedSeconds(sizes));
  const options = { name: benchmark.name, machines, signal, deadlineSeconds };
  const before = await runUnmeasured(benchmark.before?.(sizes, target) ?? [], options);
  const outcome: Outcome =
    before.failure === undefined
      ? await measure(benchmark, sizes, target, machines, { signal, deadlineSeconds })
      : { state: 'failed', error: before.failure, completed: undefined, counted: undefined };
  const after = await runUnmeasured(benchmark.after?.(sizes, target) ?? [], options);
  const durations = { beforeSeconds: before.seconds, afterSeconds: after.seconds };
  if (after.failure === undefined || outcome.state === 'failed') return { ...outcome, ...durations };
  // The next iteration would not start from the same state.
  const { completed, counted } = outcome;
  return { state: 'failed', error: after.failure, completed, counted, ...durations };
}

/** Runs the measured command and parses its output. */
async function measure<S extends Sizes>(
  benchmark: Benchmark<S>,
  sizes: S,
  target: Target,
  machines: TargetMachines,
  options: { signal: AbortSignal; deadlineSeconds: number },
): Promise<Outcome> {
  const command = benchmark.command(sizes, target);
  const machine = machineFor(machines, command);
  const { completed, machineSeconds, pausedSeconds, ...counted } = await runCounted(machines, command, {
    ...options,
    ...inputOf(command),
  });
  const incident = incidentError(benchmark.name, await incidentsSinceLast(machines, options.signal));
  if (completed.exitCode !== 0) {
    const error = ended(`${benchmark.name} failed`, machine, completed);
    // It may be the cause.
    if (incident !== undefined) error.message += ` ${incident.message}`;
    return { state: 'failed', completed, counted, error };
  }
  if (incident !== undefined) return { state: 'failed', completed, counted, error: incident };
  // Kept with its output, as evidence: a wrong clock is a failure of the whole cell. Virtual time has no relation to
  // the host's, and microbenchmarks check it themselves.
  const clock =
    machines.clock === 'virtual'
      ? undefined
      : clockError(machine.name, machineSeconds, completed.seconds, pausedSeconds);
  if (clock !== undefined) return { state: 'failed', completed, counted, error: clock };
  const parsed = benchmark.parse(completed.stdout, sizes);
  if (parsed.ok) {
    const { value, work, rates } = parsed;
    return { state: 'sampled', value, work, rates, completed, counted };
  }
  return {
    state: 'failed',
    completed,
    counted,
    error: new OutputError({
      message: `${benchmark.name} on ${machine.name} exited with 0, but printed no value: ${parsed.reason}.`,
      machine: machine.name,
      argv: command.argv,
      output: lastWords(completed),
    }),
  };
}

/** The commands before or after a sample, once they ended. */
interface Unmeasured {
  readonly seconds: number;
  /**
   * Of the first command that failed. It is the benchmark's own failure, because its next iteration may work on the
   * same stack.
   */
  readonly failure: NestbenchError | undefined;
}

/** Runs the commands before or after a sample in order, until one fails. */
export async function runUnmeasured(
  commands: readonly Command[],
  options: {
    readonly name: string;
    readonly machines: TargetMachines;
    readonly signal: AbortSignal;
    readonly deadlineSeconds: number;
  },
): Promise<Unmeasured> {
  const { name, machines, signal, deadlineSeconds } = options;
  const began = performance.now();
  const over = (failure?: NestbenchError): Unmeasured => ({
    seconds: (performance.now() - began) / 1000,
    failure,
  });
  for (const command of commands) {
    const machine = machineFor(machines, command);
    const completed = await machine.run(command.argv, { signal, deadlineSeconds, ...inputOf(command) });
    if (completed.exitCode !== 0) {
      return over(ended(`A command before or after a sample of ${name} failed`, machine, completed));
    }
  }
  return over();
}

/** The failure of a command that did not exit with 0. */
function ended(what: string, machine: Machine, completed: Completed): NestbenchError {
  const { argv, exitCode, signal, seconds } = completed;
  return new BenchmarkError({
    message: `${what} on ${machine.name}: "${argv.join(' ')}" ended with ${exitCode ?? signal} after ${seconds.toFixed(1)} s.`,
    machine: machine.name,
    argv,
    exitCode,
    seconds,
    output: lastWords(completed),
  });
}

function inputOf({ input }: Command): { input?: string } {
  return input === undefined ? {} : { input };
}

const TAIL_LINES = 20;

/** The end of what a tool printed, both streams, for a failure record. */
function lastWords({ stdout, stderr }: Completed): string {
  return `${stdout}\n${stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
}

/** A tool's raw output in the form that is kept: what was run, how it ended, and both streams. */
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
