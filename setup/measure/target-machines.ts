/** The machines that a benchmark runs on. */
import type { Command } from '../../fixtures/benchmarks/benchmark.ts';
import type { Clock } from '../../fixtures/clock.ts';
import type { AnyMechanism } from '../../fixtures/configurations/mechanisms.ts';
import type { HostReading } from '../machine/contention.ts';
import type { Counters } from '../machine/counters.ts';
import type { IncidentReports } from '../machine/incidents.ts';
import type { Machine } from '../machine/machine.ts';

/** The two machines that a benchmark runs on. */
export interface TargetMachines {
  readonly target: Machine;
  readonly client: Machine;
  /** The clock of the level under test; real by default. */
  readonly clock?: Clock;
  /** Counts on L0. Without it samples are taken all the same, but what else ran is unknown. */
  readonly counters?: Counters;
  /**
   * Ends everything on it. A series that ends earlier still waits for the counters' answer, because they can't
   * answer again after an interrupted request.
   */
  readonly signal?: AbortSignal;
  /** Reads who used the CPUs of the host that runs the machines; undefined if /proc does not show it. */
  readonly host?: () => HostReading | undefined;
  /** The mechanisms of direct virtual hardware that are on for the level under test. */
  readonly mechanisms?: readonly AnyMechanism[];
  /** For each machine that runs part of a sample. Without them, killed processes and a clock that is set go unnoticed. */
  readonly incidents?: readonly IncidentReports[];
}

export function machineFor(machines: TargetMachines, { on }: Pick<Command, 'on'>): Machine {
  return on === 'client' ? machines.client : machines.target;
}
