/**
 * A simulation tests whether a statement that nestbench prints holds at its rate: it simulates many experiments whose
 * truth is known, and counts. Each has its own random numbers, so adding one does not change the others.
 */
import { createHash } from 'node:crypto';
import { chance } from '../binomial.ts';
import { uniforms } from '../../../fixtures/statistics/random.ts';

export interface Simulation {
  /** The claim as it is printed: "a ± b (boots)". */
  readonly printedAs: string;
  /** The kind of experiment: "3 boots of 3 iterations". Together with `printedAs`, it names the simulation. */
  readonly when: string;
  /** The stated rate, from 0 to 1. */
  readonly nominal: number;
  /** Whether the rate must not be lower (coverage, power) or higher (false alarms). */
  readonly bound: 'at least' | 'at most';
  /** A known exception to the rate. */
  readonly limit?: Limit;
  /** Divides the number of trials, for a simulation whose trials take long. Default 1. */
  readonly oneOf?: number;
  /** Simulates one experiment. Returns whether the claim was true (covered, alarmed, found). */
  readonly trial: (random: Random) => boolean;
}

export interface Limit {
  /** The limit as stated wherever the claim is printed. */
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
  /** How often the claim was true, from 0 to 1. */
  readonly rate: number;
}

export function nameOf({ printedAs, when }: Pick<Simulation, 'printedAs' | 'when'>): string {
  return `${printedAs}: ${when}`;
}

/** Runs the trials of one simulation, some at a time, until all of `count` are done. */
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

/** Whether the rate is as stated, within the error of that many trials. */
export function isWithin(
  { simulation: { nominal, bound }, rate, trials }: Measured,
  stated = nominal,
): boolean {
  const stray = chance(stated, trials);
  return bound === 'at least' ? rate >= stated - stray : rate <= stated + stray;
}

export function isWithinLimit(measured: Measured): boolean {
  const { limit } = measured.simulation;
  return limit !== undefined && isWithin(measured, limit.rate);
}

/** Normal numbers by the transform of Box and Muller (Annals of Mathematical Statistics 29(2), 1958). */
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
