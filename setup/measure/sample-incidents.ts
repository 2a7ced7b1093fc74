/** Rejects samples during which a process of their machines was killed or a clock was set, whatever the tool printed. */
import type { NestbenchError } from '../lib/errors.ts';
import { ClockError, KilledError } from './measure-errors.ts';
import type { Incidents } from '../machine/incidents.ts';
import type { TargetMachines } from './target-machines.ts';

/** What happened on the machines since the last call. The result of the call before a first sample is not used. */
export async function incidentsSinceLast(
  machines: TargetMachines,
  signal: AbortSignal,
): Promise<readonly Incidents[]> {
  // A program whose answer was interrupted can't be asked again.
  const patient = machines.signal ?? signal;
  return Promise.all((machines.incidents ?? []).map((machine) => machine.sinceLast(patient)));
}

/** NESTBENCH_CLOCK_WRONG if a time of day was set, NESTBENCH_PROCESS_KILLED if anything was killed; otherwise undefined. */
export function incidentError(
  benchmark: string,
  incidents: readonly Incidents[],
): NestbenchError | undefined {
  return clockSetError(benchmark, incidents) ?? killedError(benchmark, incidents);
}

/** Tools subtract two readings of the time of day. */
function clockSetError(benchmark: string, incidents: readonly Incidents[]): NestbenchError | undefined {
  const set = incidents.find(({ clockSetSeconds }) => clockSetSeconds !== 0);
  if (set === undefined) return undefined;
  const { machine, clockSetSeconds } = set;
  const way = clockSetSeconds > 0 ? 'ahead' : 'back';
  return new ClockError({
    message: `The clock of ${machine} is wrong: its time of day was set ${Math.abs(clockSetSeconds).toFixed(2)} s ${way} while ${benchmark} ran, so what ${benchmark} printed is no sample. End what sets the clock there.`,
    machine,
  });
}

function killedError(benchmark: string, killed: readonly Incidents[]): NestbenchError | undefined {
  const hit = killed.filter(({ processes, oomKills }) => processes.length > 0 || oomKills > 0);
  const [first] = hit;
  if (first === undefined) return undefined;
  return new KilledError({
    message: `${benchmark} gave no sample, whatever it printed: while it ran, ${hit.map(describeKilled).join('; ')}.`,
    machine: first.machine,
  });
}

function describeKilled({ machine, processes, oomKills }: Incidents): string {
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
