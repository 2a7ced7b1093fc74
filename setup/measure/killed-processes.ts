/** Rejects samples during which a signal killed a process of their machines, whatever the tool printed. */
import type { NestbenchError } from '../lib/errors.ts';
import { KilledError } from './measure-errors.ts';
import type { Killed } from '../machine/killed.ts';
import type { TargetMachines } from './target-machines.ts';

/** What was killed on the machines since the last call. The result of the call before a first sample is not used. */
export async function killedSinceLast(
  machines: TargetMachines,
  signal: AbortSignal,
): Promise<readonly Killed[]> {
  // A program whose answer was interrupted can't be asked again.
  const patient = machines.signal ?? signal;
  return Promise.all((machines.killed ?? []).map((machine) => machine.sinceLast(patient)));
}

/** NESTBENCH_PROCESS_KILLED if anything was killed; otherwise undefined. */
export function killedError(benchmark: string, killed: readonly Killed[]): NestbenchError | undefined {
  const hit = killed.filter(({ processes, oomKills }) => processes.length > 0 || oomKills > 0);
  const [first] = hit;
  if (first === undefined) return undefined;
  return new KilledError({
    message: `${benchmark} gave no sample, whatever it printed: while it ran, ${hit.map(describeKilled).join('; ')}.`,
    machine: first.machine,
  });
}

function describeKilled({ machine, processes, oomKills }: Killed): string {
  const names = processes.map(({ name, signal, count }) => `${count} x ${name} (${signal})`).join(', ');
  return [
    ...(names === '' ? [] : [`a signal killed ${names} on ${machine}`]),
    ...(oomKills === 0
      ? []
      : [
          `${machine} ran out of memory and killed ${oomKills === 1 ? 'a process' : `${oomKills} processes`}: select smaller sizes, or give it more memory`,
        ]),
  ].join('; ');
}
