/** A benchmark's server on the level under test: started fresh, awaited by a real request, stopped after. */
import type { Service } from '../../fixtures/benchmarks/benchmark.ts';
import { NestbenchError } from '../lib/errors.ts';
import { ServiceError } from './measure-errors.ts';
import type { RunningCommand } from '../machine/machine.ts';
import { waitUntil } from '../lib/wait.ts';
import { type TargetMachines, machineFor } from './target-machines.ts';
import { type Iteration, runUnmeasured } from './sample.ts';

/** The slowest start that was seen is MariaDB's three levels deep on a busy host, with 21 s; after this it hangs. */
const READY_SECONDS = 120;
const RETRY_MS = 200;

/** A service that answered; disposing it stops it and no more. */
export interface RunningService extends AsyncDisposable {
  /** The iteration as it counts: one during which the service ended is none, whatever the loader made of it. */
  judge(iteration: Iteration): Iteration;
  /** Stops it and does what is to be done after. @throws NESTBENCH_COMMAND_FAILED where that fails. */
  end(): Promise<void>;
}

/** @throws NESTBENCH_SERVICE_FAILED where it ends or does not answer, with what it printed. */
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
  const running = await machines.target.start(service.argv, { signal, deadlineSeconds: Infinity });
  let over = false;
  const ended = (): void => void (over = true);
  running.exited.then(ended, ended);
  const { ready } = service;
  try {
    await waitUntil(
      `an answer of ${name}'s service`,
      async (context) => {
        if (over) throw failed(name, machines, running, 'it ended before it answered');
        const answer = await machineFor(machines, ready).run(ready.argv, {
          signal: context.signal,
          deadlineSeconds: readySeconds,
        });
        // An answer may come from one that an earlier run left there, which ours could not start beside.
        if (answer.exitCode === 0 && !over) return true;
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
  return {
    judge(iteration) {
      if (!over || iteration.state === 'failed') return iteration;
      const error = failed(name, machines, running, 'it ended while it was measured');
      return { ...iteration, state: 'failed', error };
    },
    async end() {
      await running.stop();
      const untidy = await runUnmeasured(service.after ?? [], options);
      if (untidy.failure !== undefined) throw untidy.failure;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
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
