/**
 * Proves by L0's counters that direct virtual hardware was in effect during a run: L0 handled what the level under test
 * did, and the level above hardly any of it. A guest whose APIC is not in x2APIC mode, for example, silently goes without.
 */
import type { Benchmark } from '../../fixtures/benchmarks/benchmark.ts';
import type { AnyMechanism } from '../../fixtures/configurations/mechanisms.ts';
import type { DvhCounter } from '../../fixtures/kvm-counters.ts';
import type { ProofRecord } from '../../fixtures/records.ts';
import { DvhUnprovenError } from './measure-errors.ts';
import type { TargetMachines } from './target-machines.ts';

/** What an application moves on L0, by mechanism. */
const MOVED: Readonly<Record<AnyMechanism, readonly DvhCounter[]>> = {
  timer: ['dvh_timer_writes', 'dvh_timer_irqs'],
  ipi: ['dvh_ipis'],
  posted: ['dvh_posted'],
  idle: ['dvh_halts'],
};

/** Delivery and end of interrupts come with each of them. */
const WITH_EACH: readonly DvhCounter[] = ['dvh_injections', 'dvh_eois'];

/** Accesses that L0 handled, and could have reflected instead. */
const HANDLED: readonly DvhCounter[] = ['dvh_timer_writes', 'dvh_ipis', 'dvh_eois'];

/** None is expected. A CPU of the guest that comes up, for example, needs INIT and SIPI, which always are. */
const MAX_REFLECTED = 0.01;

/** Of L0, by name. */
type Counts = Readonly<Record<string, number>>;

export interface ProofNeeds {
  readonly benchmark: Pick<Benchmark, 'name' | 'handledByL0'>;
  readonly mechanisms: readonly AnyMechanism[];
  /** CPUs of the level under test: a single one sends no IPIs to others. */
  readonly cpus: number;
}

/** Whether a run needs a proof. HLT is not in the mask, and what is not in the mask has no counters without it. */
export function needsProof(mechanisms: readonly AnyMechanism[]): boolean {
  return mechanisms.some((name) => name !== 'idle');
}

/** What its record says. */
export type Proof = Pick<ProofRecord, 'counters' | 'haltsPerSecond'>;

/**
 * Reads the counters before a run.
 * @returns what reads them again after it, and returns the proof, or NESTBENCH_DVH_UNPROVEN unless they show what they
 * must; undefined if none is needed.
 */
export async function beginProof(
  needs: ProofNeeds,
  { counters }: Pick<TargetMachines, 'counters'>,
  signal: AbortSignal,
): Promise<((sampleSeconds: number) => Promise<Proof | DvhUnprovenError>) | undefined> {
  if (counters === undefined || !needsProof(needs.mechanisms)) return undefined;
  const before = await counters.dvh(signal);
  return async (sampleSeconds) => {
    const after = await counters.dvh(signal);
    const fault = proofFault(needs, before, after);
    return fault === undefined
      ? proofOf(needs, before, after, sampleSeconds)
      : new DvhUnprovenError({ message: fault, machine: 'l0' });
  };
}

/**
 * One HLT on L0 is enough for a proof, although the level above may trap most of them while it has other tasks. So the
 * record has their rate. The level above has the number of those that it traps, but at L3 reading it takes seconds.
 */
export function proofOf(
  { mechanisms }: Pick<ProofNeeds, 'mechanisms'>,
  before: Counts,
  after: Counts,
  sampleSeconds: number,
): Proof {
  const counters = Object.fromEntries(
    Object.entries(after).flatMap(([name, count]) => {
      const earlier = before[name];
      return earlier === undefined ? [] : [[name, count - earlier] as const];
    }),
  );
  const halts = counters['dvh_halts'];
  return mechanisms.includes('idle') && halts !== undefined && sampleSeconds > 0
    ? { counters, haltsPerSecond: halts / sampleSeconds }
    : { counters };
}

/**
 * @returns what the counters do not show; undefined if they show everything.
 */
export function proofFault(
  { benchmark, mechanisms, cpus }: ProofNeeds,
  before: Counts,
  after: Counts,
): string | undefined {
  const possible = mechanisms.flatMap((name) => MOVED[name]).concat(WITH_EACH);
  const moved = benchmark.handledByL0 ?? possible.filter((name) => name !== 'dvh_ipis' || cpus > 1);
  const still = moved.filter((name) => possible.includes(name) && !(grown(name, before, after) > 0));
  const during = `during the run of ${benchmark.name}`;
  if (still.length > 0) {
    const counts = still.map(
      (name) => `${name} ${before[name] ?? 'missing'} before and ${after[name] ?? 'missing'} after`,
    );
    return `L0 did not handle what direct virtual hardware lets it handle ${during}: its KVM counted ${counts.join(', ')}. The run does not count; boot the cell again with BOOT=cold, and look for "Direct virtual hardware" in the kernel log of every level that runs guests.`;
  }
  // Where nothing is to be handled, there is no share of it.
  if (moved.length === 0) return undefined;
  const read = (name: DvhCounter): string => `${name} ${before[name]} before and ${after[name]} after`;
  const notPosted = grown('dvh_not_posted', before, after);
  const posted = grown('dvh_posted', before, after);
  // Without virtual idle, those that find it halted go to the level above.
  if (mechanisms.includes('posted') && mechanisms.includes('idle') && notPosted > posted)
    return `Most interrupts of the device of the level under test went to the level above ${during}: L0's KVM counted ${read('dvh_not_posted')}, ${read('dvh_posted')}. ${AGAIN}`;
  const reflected = grown('dvh_reflected', before, after);
  const handled = HANDLED.reduce((sum, name) => sum + grown(name, before, after), 0);
  if (!(reflected > MAX_REFLECTED * handled)) return undefined;
  return `The level above the one under test handled accesses to its timer and its interrupt controller ${during} that L0 should have: L0's KVM counted ${read('dvh_reflected')}, against ${handled} accesses that it handled. ${AGAIN}`;
}

const AGAIN = 'The run does not count; boot the cell again with BOOT=cold.';

/** NaN for a counter that the kernel lacks. */
function grown(name: DvhCounter, before: Counts, after: Counts): number {
  return (after[name] ?? Number.NaN) - (before[name] ?? Number.NaN);
}
