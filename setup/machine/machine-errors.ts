/** The errors of commands, connections and guests, on any machine. */
import { CommandError, DeadlineError, NestbenchError } from '../lib/errors.ts';
import { inSeconds, lastLines, words } from '../lib/error-text.ts';
import type { Completed } from './machine.ts';
import { MOST_OUTPUT } from './output.ts';

/** A connection that can't be opened, or was lost. */
export class ConnectionError extends NestbenchError {
  override readonly code = 'NESTBENCH_CONNECTION_LOST';
  override readonly kind = 'infrastructure';
}

/** An SSH failure that a retry can't fix: an account or OpenSSH there has to be changed. */
export class SshAccessError extends NestbenchError {
  override readonly code = 'NESTBENCH_CONNECTION_LOST';
  override readonly kind = 'configuration';
  constructor(facts: {
    readonly machine: string;
    readonly destination: string;
    readonly advice: string;
    readonly output: string;
  }) {
    const { machine, destination, advice, output } = facts;
    super({
      message: `"ssh ${destination}" does not provide what nestbench needs on ${machine}. ${advice}. It printed:\n${output}`,
      machine,
      output,
    });
  }
}

/** A command that exceeded its deadline. */
export class CommandDeadlineError extends DeadlineError {
  constructor(facts: {
    readonly machine: string;
    readonly argv: readonly string[];
    readonly seconds: number;
    readonly output: string;
  }) {
    const { machine, argv, seconds, output } = facts;
    super({
      message: `On ${machine}, "${words(argv)}" did not end within ${inSeconds(seconds)}, so it was ended.`,
      machine,
      argv,
      seconds,
      output: lastLines(output),
    });
  }
}

/** A command that printed without end. */
export class CommandOutputError extends NestbenchError {
  override readonly code = 'NESTBENCH_COMMAND_FAILED';
  override readonly kind = 'benchmark';
  constructor(facts: {
    readonly machine: string;
    readonly argv: readonly string[];
    readonly output: string;
  }) {
    const { machine, argv, output } = facts;
    super({
      message: `On ${machine}, "${words(argv)}" printed more than ${MOST_OUTPUT / 2 ** 20} million characters, so it was ended.`,
      machine,
      argv,
      output: lastLines(output),
    });
  }
}

/** A command failed that has to succeed. */
export class CommandFailedError extends CommandError {
  constructor({ machine, completed }: { readonly machine: string; readonly completed: Completed }) {
    const { argv, exitCode, signal, seconds } = completed;
    const output = lastLines(completed.stderr.trim() === '' ? completed.stdout : completed.stderr);
    const how = signal === null ? `exited with ${exitCode}` : `was ended by ${signal}`;
    super({
      message: `On ${machine}, "${words(argv)}" ${how}${output === '' ? ' and printed nothing' : `:\n${output}`}`,
      machine,
      argv,
      exitCode,
      seconds,
      output,
    });
  }
}

/** The kernel of a guest panicked. */
export class GuestPanicError extends NestbenchError {
  override readonly code = 'NESTBENCH_GUEST_PANICKED';
  override readonly kind = 'infrastructure';
  constructor(facts: {
    readonly machine: string;
    readonly reason: string;
    readonly consoleFile: string;
    readonly output: string;
  }) {
    const { machine, reason, consoleFile, output } = facts;
    super({
      message: `The kernel of ${machine} panicked: ${reason}. Its console is kept in ${consoleFile}.`,
      machine,
      output,
    });
  }
}
