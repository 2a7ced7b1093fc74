/** Confines this process, with all that it starts from then on, to CPUs of the host. */
import { hostMachine } from './host.ts';

const DEADLINE_SECONDS = 10;

export async function confine(cpus: readonly number[], signal: AbortSignal): Promise<void> {
  await hostMachine().check(
    ['taskset', '--all-tasks', '--cpu-list', '--pid', cpus.join(','), String(process.pid)],
    { signal, deadlineSeconds: DEADLINE_SECONDS },
  );
}
