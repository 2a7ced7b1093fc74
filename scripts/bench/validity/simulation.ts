/**
 * A simulation asks whether something that nestbench prints holds as often as it says: it makes up many experiments whose
 * truth is known, and counts. Each has its own random numbers, so adding one changes no other.
 */
import { createHash } from 'node:crypto';
import { chance } from '../binomial.ts';
import { uniforms } from '../../../fixtures/statistics/random.ts';

export interface Simulation {
  /** What is claimed, as it is printed: "a ± b (boots)". */
  readonly printedAs: string;
  /** Of which experiments: "3 boots of 3 iterations". Together the two name it. */
  readonly when: string;
  /** The rate that is stated, from 0 to 1. */
  readonly nominal: number;
  /** Whether the rate may be no lower (coverage, power) or no higher (false alarms). */
  readonly bound: 'at least' | 'at most';
  /** Where the rate is known not to hold. */
  readonly limit?: Limit;
  /** Runs one of so many that are asked for, where one takes long; 1 where it is absent. */
  readonly oneOf?: number;
  /** Makes up one experiment: whether what is claimed came true (covered, alarmed, found). */
  readonly trial: (random: Random) => boolean;
}

export interface Limit {
  /** What is said about it, wherever the claim is printed. */
  readonly text: string;
  /** The rate that holds instead. */
  readonly rate: number;
}

export interface Random {
  /** From 0 to just below 1. */
  readonly uniform: () => number;
  /** Standard normal. */
  readonly normal: () => number;
}

export interface Measured {
  readonly simulation: Simulation;
  readonly trials: number;
  /** How often the claim came true, from 0 to 1. */
  readonly rate: number;
}

export function nameOf({ printedAs, when }: Pick<Simulation, 'printedAs' | 'when'>): string {
  return `${printedAs}: ${when}`;
}

/** Trials of one simulation, some at a time; ends once all of `count` are done. */
export function* measure(simulation: Simulation, count: number, seed: number): Generator<number, Measured> {
  const random = randomOf(seed, simulation);
  const trials = Math.max(1, Math.round(count / (simulation.oneOf ?? 1)));
  let hits = 0;
  for (let trial = 0; trial < trials; trial++) {
    if (simulation.trial(random)) hits += 1;
    yield (trial + 1) / trials;
  }
  return { simulation, trials, rate: hits / trials };
}

/** Whether the rate is what is stated, as far as so many trials can show. */
export function isWithin(
  { simulation: { nominal, bound }, rate, trials }: Measured,
  stated = nominal,
): boolean {
  const stray = chance(stated, trials);
  return bound === 'at least' ? rate >= stated - stray : rate <= stated + stray;
}

/** Whether it is at least what the line's limit states. */
export function isWithinLimit(measured: Measured): boolean {
  const { limit } = measured.simulation;
  return limit !== undefined && isWithin(measured, limit.rate);
}

/** Box and Muller's normals (Annals of Mathematical Statistics 29(2), 1958). */
function randomOf(seed: number, simulation: Simulation): Random {
  const hash = createHash('sha256')
    .update(`${seed} ${nameOf(simulation)}`)
    .digest();
  const uniform = uniforms(hash.readInt32LE());
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
