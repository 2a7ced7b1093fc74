/** The shell scripts that run on a physical machine, and what is said if one fails. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ErrorFacts, UnsuitableError } from '../../lib/errors.ts';
import type { PhysicalMachinePlan } from './physical-plan.ts';

export function machineScript(name: string): string {
  return readFileSync(path.join(import.meta.dirname, 'machine', name), 'utf8');
}

/**
 * @param why a clause.
 */
export function unprepared(
  { name, target }: Pick<PhysicalMachinePlan, 'name' | 'target'>,
  why: string,
  facts: ErrorFacts = {},
): UnsuitableError {
  return new UnsuitableError({
    message: `${name} (${target.destination}) cannot be prepared for the cell: ${why}. Fix that, or the testbed file; "npm run doctor" prints more.`,
    machine: name,
    ...facts,
  });
}
