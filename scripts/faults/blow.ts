/** A shell command that breaks something on a machine. */
import type { Completed } from '../../setup/machine/machine.ts';

/** What a fault was to strike is not there: the run has ended, or has not come that far. */
export class MissedError extends Error {}

/** The exit code with which a command says that there is nothing to strike. */
export const NOT_THERE = 9;

/** A command that only begins `command`, which has no single quotes. */
export function beginning(command: string): string {
  // In a session of its own: it must not end with the connection that it ends.
  return `setsid sh -c '${command}' >/dev/null 2>&1 </dev/null &`;
}

/** @throws {MissedError} if there was nothing to strike. */
export function assertStruck(command: string, machine: string, { exitCode, stderr }: Completed): void {
  if (exitCode === NOT_THERE) throw new MissedError(`what "${command}" looks for was not there`);
  if (exitCode !== 0) throw new Error(`"${command}" on ${machine} ended with ${exitCode}: ${stderr}`);
}
