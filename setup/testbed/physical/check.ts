/** What a check of a physical machine is: what was found, what is needed, and how to fix it. */
import type { Finding, Verdict } from '../diagnose.ts';
import type { MachineFacts } from './machine-facts.ts';

/** A finding about one of the two machines. */
export interface MachineFinding extends Finding {
  readonly machine: 'client' | 'server';
}

export interface Check {
  readonly name: string;
  /** Facts that it depends on. Without them it is not right. */
  readonly by: readonly string[];
  readonly on: readonly MachineFinding['machine'][];
  readonly needed: string;
  /** The verdict if it does not hold. */
  readonly otherwise: Exclude<Verdict, 'right'>;
  readonly fix: string;
  readonly look: (facts: MachineFacts, at: Place) => { readonly holds: boolean; readonly found: string };
}

export interface Place {
  readonly interface: string;
  readonly directory: string;
  readonly virtualFunctions: number;
}

export const SERVER = ['server'] as const;
export const BOTH = ['client', 'server'] as const;
export const bytes = (facts: MachineFacts, key: string): number => Number(facts[key]);
export const said = (text: string | undefined, otherwise = 'nothing'): string =>
  text === undefined || text === '' ? otherwise : text;
