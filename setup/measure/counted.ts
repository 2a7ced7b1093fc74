/** Runs a command with a stopwatch, between two readings of L0's counters; and measures the cost of that itself. */
import type { Command } from '../../fixtures/benchmarks/benchmark.ts';
import type { HostWindow, ServerWindow } from '../../fixtures/records.ts';
import { hostBetween } from '../machine/contention.ts';
import type { Counters } from '../machine/counters.ts';
import type { Completed, RunOptions } from '../machine/machine.ts';
import { PauseWatch } from './pause-watch.ts';
import { type TargetMachines, machineFor } from './target-machines.ts';
import { readStopwatch, timed } from './stopwatch.ts';
import { windowBetween } from './window.ts';

export interface Counted {
  readonly completed: Completed;
  /** By the clock of the machine that ran it; undefined if it was not reported. */
  readonly machineSeconds: number | undefined;
  /** The longest time at a stretch for which this process did not run meanwhile. */
  readonly pausedSeconds: number;
  /** By performance.now(): when it was requested, and when its end was known. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Undefined without counters. */
  readonly l0: ServerWindow | undefined;
  readonly host: HostWindow | undefined;
}

/** The machine whose CPUs and KVM run everything. */
const SERVER = 'l0';

/**
 * Runs a command. Nothing is requested of L0 between its start and its end.
 * @throws what `Machine.run` and `snapshot` throw.
 */
export async function runCounted(
  machines: TargetMachines,
  command: Command,
  options: RunOptions,
): Promise<Counted> {
  const { signal = options.signal } = machines;
  const machine = machineFor(machines, command);
  const hostBefore = machines.host?.();
  const before = await machines.counters?.snapshot(signal);
  using pauses = new PauseWatch();
  const startedAt = performance.now();
  const ran = await machine.run(timed(command.argv), { ...options, shown: command.argv });
  const pausedSeconds = pauses.longestSeconds();
  const endedAt = performance.now();
  const after = await machines.counters?.snapshot(signal);
  const host = hostBetween(hostBefore, machines.host?.());
  const { ownCpuSeconds, ...read } = readStopwatch(ran, command.argv);
  const stopwatch = machine.name === SERVER ? ownCpuSeconds : undefined;
  const l0 =
    before && after && windowBetween(before, after, { guests: machines.target.name !== SERVER, stopwatch });
  return { ...read, pausedSeconds, startedAt, endedAt, l0, host };
}

/** Once for each machine of a stack: at L3 a command that does nothing takes a second. */
const known = new WeakMap<Counters, Map<Command['on'], ServerWindow>>();

/**
 * Of these tries, the one with the lowest cost for L0's harness is used, so that the remaining share of a sample is
 * never too small.
 */
const TRIES = 3;
const SECONDS = 120;

/**
 * What it costs L0 to start a command on that machine and to notice its end, including both readings: measured with a
 * command that does nothing. Undefined without counters.
 */
export async function countIdle(
  machines: TargetMachines,
  { on }: Pick<Command, 'on'>,
  signal: AbortSignal,
): Promise<ServerWindow | undefined> {
  if (machines.counters === undefined) return undefined;
  const ofStack = known.get(machines.counters) ?? new Map<Command['on'], ServerWindow>();
  known.set(machines.counters, ofStack);
  let cheapest = ofStack.get(on);
  if (cheapest !== undefined) return cheapest;
  for (let n = 0; n < TRIES; n++) {
    const { l0 } = await runCounted(machines, { on, argv: ['true'] }, { signal, deadlineSeconds: SECONDS });
    if (l0 && !(cheapest && cheapest.cpuSeconds.harness <= l0.cpuSeconds.harness)) cheapest = l0;
  }
  if (cheapest !== undefined) ofStack.set(on, cheapest);
  return cheapest;
}
