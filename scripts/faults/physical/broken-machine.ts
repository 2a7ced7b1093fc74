/** Breaks things of a machine of the user's, and puts them back. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../../../setup/lib/errors.ts';
import type { Completed, Machine } from '../../../setup/machine/machine.ts';

const SCRIPT = readFileSync(path.join(import.meta.dirname, 'break-machine'), 'utf8');
const COMMAND_SECONDS = 60;
/** When a machine puts back by itself what a killed campaign left broken. A fault on hardware takes less. */
const ALONE_SECONDS = 1800;

/** Where a machine has its notes. */
export const NOTES = '/var/lib/nestbench-faults';

export interface Break {
  /** Of this fault alone: the note of an earlier one may still wait for its time. */
  readonly name: string;
  /** A shell command, which may run twice, and after a restart. */
  readonly undo: string;
  /** A shell command. */
  readonly command: string;
  /** After which the machine puts it back by itself. */
  readonly aloneSeconds?: number | undefined;
}

/** Breaks something, once the machine has noted how it is put back. */
export function breakMachine(
  machine: Machine,
  { name, undo, command, aloneSeconds = ALONE_SECONDS }: Break,
  signal: AbortSignal,
  notes = NOTES,
): Promise<Completed> {
  const words = ['break', notes, name, String(aloneSeconds), undo, command];
  return runScript(machine, words, signal);
}

/**
 * @returns the names of what was put back.
 * @throws NESTBENCH_COMMAND_FAILED if something could not be.
 */
export async function putBack(machine: Machine, signal: AbortSignal, notes = NOTES): Promise<string[]> {
  const { exitCode, stdout, stderr } = await runScript(machine, ['put-back', notes], signal);
  if (exitCode !== 0) {
    throw new CommandError({
      message: `${machine.name} could not put back what a fault broke there: ${stderr.trim()}. ${notes} has the commands for it.`,
      machine: machine.name,
    });
  }
  return stdout.split('\n').filter((line) => line !== '');
}

function runScript(machine: Machine, words: readonly string[], signal: AbortSignal): Promise<Completed> {
  return machine.run(['sh', '-c', SCRIPT, 'break-machine', ...words], {
    signal,
    deadlineSeconds: COMMAND_SECONDS,
  });
}
