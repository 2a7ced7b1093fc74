/** A sample during which a signal killed a process of its machines is none, whatever its program says. */
import { NestbenchError } from '../errors.ts';
import type { Killed } from '../machine/killed.ts';
import type { Bed } from './bed.ts';

/** What was killed on the bed's machines since this was last asked: before the first sample, that is of no interest. */
export async function killedSinceLast(bed: Bed, signal: AbortSignal): Promise<readonly Killed[]> {
  // One that was not let answer could not be asked again.
  const patient = bed.signal ?? signal;
  return Promise.all((bed.killed ?? []).map((machine) => machine.sinceLast(patient)));
}

/** NESTBENCH_PROCESS_KILLED where anything was; undefined where nothing was. */
export function killedError(benchmark: string, killed: readonly Killed[]): NestbenchError | undefined {
  const hit = killed.filter(({ processes, oomKills }) => processes.length > 0 || oomKills > 0);
  const [first] = hit;
  if (first === undefined) return undefined;
  return new NestbenchError(
    'NESTBENCH_PROCESS_KILLED',
    'benchmark',
    `${benchmark} gave no sample, whatever it printed: while it ran, ${hit.map(story).join('; ')}.`,
    { machine: first.machine },
  );
}

function story({ machine, processes, oomKills }: Killed): string {
  const names = processes.map(({ name, signal, count }) => `${count} x ${name} (${signal})`).join(', ');
  return [
    ...(names === '' ? [] : [`a signal killed ${names} on ${machine}`]),
    ...(oomKills === 0
      ? []
      : [`${machine} ran out of memory ${oomKills} times: choose smaller sizes, or give it more`]),
  ].join('; ');
}
