/**
 * A benchmark's server on the level under test: started for each run, ready once it answers a real request, stopped
 * after.
 */
import type { Service } from '../../fixtures/benchmarks/benchmark.ts';
import { NestbenchError } from '../lib/errors.ts';
import { ServiceError } from './measure-errors.ts';
import type { RunningCommand } from '../machine/machine.ts';
import { waitUntil } from '../lib/wait.ts';
import { type TargetMachines, machineFor } from './target-machines.ts';
import { type Iteration, runUnmeasured } from './sample.ts';

/** The slowest start seen is MariaDB's at L3 on a busy host, 21 s. After this it counts as hung. */
const READY_SECONDS = 120;
const RETRY_MS = 200;

/** A service that has answered. Disposing it only stops it. */
export interface RunningService extends AsyncDisposable {
  /**
   * Returns the iteration, or a failure if the service ended during it, whatever the loader printed.
   * @throws NESTBENCH_CONNECTION_LOST if the machine was lost.
   */
  judge(iteration: Iteration): Iteration;
  /**
   * Stops it and starts it again; resolves once it has answered.
   * @throws NESTBENCH_SERVICE_FAILED like {@link startService}.
   */
  restart(): Promise<void>;
  /**
   * Stops it and runs the clean-up commands.
   * @throws NESTBENCH_COMMAND_FAILED if one fails.
   */
  end(): Promise<void>;
}

/**
 * @throws NESTBENCH_SERVICE_FAILED with its output, if it ends or does not answer.
 */
export async function startService(
  name: string,
  service: Service,
  machines: TargetMachines,
  signal: AbortSignal,
  readySeconds = READY_SECONDS,
): Promise<RunningService> {
  const options = { name, machines, signal, deadlineSeconds: readySeconds };
  const unready = await runUnmeasured(service.before ?? [], options);
  if (unready.failure !== undefined) throw unready.failure;
  let served = await serve(name, service, machines, signal, readySeconds);
  return {
    judge(iteration) {
      if (!served.isOver() || iteration.state === 'failed') return iteration;
      const error = failed(name, machines, served.running, 'it ended while it was measured');
      return { ...iteration, state: 'failed', error };
    },
    async restart() {
      await served.running.stop();
      served = await serve(name, service, machines, signal, readySeconds);
    },
    async end() {
      await served.running.stop();
      const untidy = await runUnmeasured(service.after ?? [], options);
      if (untidy.failure !== undefined) throw untidy.failure;
    },
    [Symbol.asyncDispose]: () => served.running[Symbol.asyncDispose](),
  };
}

interface Served {
  readonly running: RunningCommand;
  /** Whether it has ended. */
  readonly isOver: () => boolean;
}

/** Starts it; resolves once it has answered. On failure it is not left running. */
async function serve(
  name: string,
  service: Service,
  machines: TargetMachines,
  signal: AbortSignal,
  readySeconds: number,
): Promise<Served> {
  const running = await machines.target.start(service.argv, { signal, deadlineSeconds: Infinity });
  let end: { readonly error?: unknown } | undefined;
  running.exited.then(
    () => (end = {}),
    (error: unknown) => (end = { error }),
  );
  /** @throws if it is unknown how it ended, since its machine or the connection was lost. */
  const isOver = (): boolean => {
    if (end?.error !== undefined) throw end.error;
    return end !== undefined;
  };
  const { ready } = service;
  try {
    await waitUntil(
      `an answer of ${name}'s service`,
      async (context) => {
        if (isOver()) throw failed(name, machines, running, 'it ended before it answered');
        const answer = await machineFor(machines, ready).run(ready.argv, {
          signal: context.signal,
          deadlineSeconds: readySeconds,
        });
        // The answer may come from a server that an earlier run left behind, which prevented this one from starting.
        if (answer.exitCode === 0 && !isOver()) return true;
        context.saw(`${answer.stdout}${answer.stderr}`.trim());
        return undefined;
      },
      { machine: machines.target.name, deadlineSeconds: readySeconds, intervalMs: RETRY_MS, signal },
    );
  } catch (error) {
    await running.stop().catch(() => {});
    if (error instanceof NestbenchError && error.code === 'NESTBENCH_DEADLINE') {
      throw failed(name, machines, running, error.message, error);
    }
    throw error;
  }
  return { running, isOver };
}

function failed(
  name: string,
  machines: TargetMachines,
  running: RunningCommand,
  why: string,
  cause?: Error,
): NestbenchError {
  return new ServiceError({
    message: `The service of ${name} on ${machines.target.name} failed: ${why}.`,
    machine: machines.target.name,
    output: running.output(),
    cause,
  });
}
