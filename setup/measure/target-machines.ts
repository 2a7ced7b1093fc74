/** What a benchmark runs on. */
import type { Command } from '../../fixtures/benchmarks/benchmark.ts';
import type { Clock } from '../../fixtures/clock.ts';
import type { HostReading } from '../machine/contention.ts';
import type { Counters } from '../machine/counters.ts';
import type { KilledProcesses } from '../machine/killed.ts';
import type { Machine } from '../machine/machine.ts';

/** The two machines that a benchmark runs on. */
export interface TargetMachines {
  readonly target: Machine;
  readonly client: Machine;
  /** By which clock the target lives; real where that is not said. */
  readonly clock?: Clock;
  /** What L0 counts. Without it samples are taken all the same, and nothing is known of what ran beside them. */
  readonly counters?: Counters;
  /** Ends everything on it. A series that ends earlier still waits for the counters' answer, as a question cut off is their last. */
  readonly signal?: AbortSignal;
  /** Reads who had the CPUs of the host that runs the machines; undefined where /proc does not show it. */
  readonly host?: () => HostReading | undefined;
  /** Of the machines that run anything of a sample. Without them it is not known whether a process of it was killed. */
  readonly killed?: readonly KilledProcesses[];
}

export function machineFor(machines: TargetMachines, { on }: Pick<Command, 'on'>): Machine {
  return on === 'client' ? machines.client : machines.target;
}
