/** The errors of commands and connections, on whichever machine they were. */
import { NestbenchError } from '../lib/errors.ts';
import { inSeconds, lastLines, words } from '../lib/error-text.ts';
import type { Completed } from './machine.ts';

/** A connection that could not be made, or is gone. */
export function connectionLost(machine: string, message: string, cause?: unknown): NestbenchError {
  return new NestbenchError('NESTBENCH_CONNECTION_LOST', 'infrastructure', message, { machine }, { cause });
}

/** A command that ran longer than it may. */
export function commandDeadline(
  machine: string,
  argv: readonly string[],
  seconds: number,
  output: string,
): NestbenchError {
  return new NestbenchError(
    'NESTBENCH_DEADLINE',
    'infrastructure',
    `On ${machine}, "${words(argv)}" did not end within ${inSeconds(seconds)}, so it was ended.`,
    { machine, argv, seconds, output: lastLines(output) },
  );
}

/** A command that had to succeed and did not. */
export function commandFailed(machine: string, completed: Completed): NestbenchError {
  const { argv, exitCode, signal, seconds } = completed;
  const output = lastLines(completed.stderr.trim() === '' ? completed.stdout : completed.stderr);
  const how = signal === null ? `exited with ${exitCode}` : `was ended by ${signal}`;
  return new NestbenchError(
    'NESTBENCH_COMMAND_FAILED',
    'infrastructure',
    `On ${machine}, "${words(argv)}" ${how}${output === '' ? ' and printed nothing' : `:\n${output}`}`,
    { machine, argv, exitCode, seconds, output },
  );
}
