/** The errors of booting a stack, and of what it turns out to be. */
import { CheckError, NestbenchError } from '../lib/errors.ts';

/** A machine did not come up within its deadline. */
export class GuestHungError extends NestbenchError {
  override readonly code = 'NESTBENCH_GUEST_HUNG';
  override readonly kind = 'infrastructure';
}

/** A machine is up, and differs from its plan. */
export class NotAsPlannedError extends CheckError {
  constructor(facts: {
    readonly machine: string;
    /** Where a person finds it, if not under its name. */
    readonly destination?: string;
    readonly differences: readonly string[];
  }) {
    const { machine, destination, differences } = facts;
    const name = destination === undefined ? machine : `${machine} (${destination})`;
    super({
      message: `${name} is up, but differs from its plan: ${differences.join('; ')}. Nothing is measured on it.`,
      machine,
    });
  }
}
