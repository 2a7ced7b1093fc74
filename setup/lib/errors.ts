/**
 * nestbench's errors: one small class for each kind of failure, with a fixed `code` and `kind` and its facts as fields.
 * The message says what was tried, on which machine and level, for how long, and what to do next. Classes that only one
 * folder throws are in that folder.
 */
import { z } from 'zod';
import { plainText } from '../../fixtures/plain-text.ts';
import { systemRefusal } from './system-refusal.ts';

/** The cause of a failure; the journal keeps it with every failure record. */
export type FailureKind = 'infrastructure' | 'benchmark' | 'configuration' | 'bug';

/** Of wrong input, reported before anything boots. */
export type InputCode =
  | 'NESTBENCH_UNKNOWN_CELL'
  | 'NESTBENCH_UNKNOWN_BENCHMARK'
  | 'NESTBENCH_UNKNOWN_PROFILE'
  | 'NESTBENCH_UNKNOWN_SETTING'
  | 'NESTBENCH_UNKNOWN_VARIANT'
  | 'NESTBENCH_BAD_TESTBED'
  | 'NESTBENCH_UNKNOWN_EXPERIMENT'
  | 'NESTBENCH_EXPERIMENT_DIFFERS'
  | 'NESTBENCH_JOURNAL_DAMAGED'
  | 'NESTBENCH_BAD_EXPORT'
  | 'NESTBENCH_HISTORY_UNREADABLE';

export type ErrorCode =
  | InputCode
  /** The host can't run the testbed. */
  | 'NESTBENCH_PACKAGE_MISSING'
  | 'NESTBENCH_NO_SPACE'
  | 'NESTBENCH_SYSTEM_REFUSED'
  | 'NESTBENCH_TOO_LITTLE_MEMORY'
  | 'NESTBENCH_TESTBED_BUSY'
  | 'NESTBENCH_LOCK_LOST'
  | 'NESTBENCH_JOURNAL_GONE'
  | 'NESTBENCH_RUNTIME_GONE'
  /** Building. */
  | 'NESTBENCH_BUILD_FAILED'
  /** Booting and running. */
  | 'NESTBENCH_BOOT_FAILED'
  | 'NESTBENCH_GUEST_PANICKED'
  | 'NESTBENCH_GUEST_HUNG'
  | 'NESTBENCH_GUEST_DIED'
  | 'NESTBENCH_CHECK_FAILED'
  | 'NESTBENCH_DEADLINE'
  | 'NESTBENCH_ABORTED'
  | 'NESTBENCH_COMMAND_FAILED'
  | 'NESTBENCH_CONNECTION_LOST'
  /** Measuring. */
  | 'NESTBENCH_UNPARSABLE_OUTPUT'
  | 'NESTBENCH_CLOCK_WRONG'
  | 'NESTBENCH_PAUSED'
  | 'NESTBENCH_DVH_UNPROVEN'
  | 'NESTBENCH_SERVICE_FAILED'
  | 'NESTBENCH_PROCESS_KILLED'
  /** Errors of the system, a library or a Vitest hook without their own class, and bugs in nestbench. */
  | 'NESTBENCH_UNEXPECTED'
  | 'NESTBENCH_BUG';

/** Facts of an error besides its message. All are optional, and become fields of the error. */
export interface ErrorFacts {
  /** The machine it happened on: `host`, `client`, `l0` ... `l3`. */
  readonly machine?: string | undefined;
  /** The end of that machine's console, or of the tool's output. The journal keeps it. */
  readonly output?: string | undefined;
  /** How long it was tried, in seconds. */
  readonly seconds?: number | undefined;
  readonly argv?: readonly string[] | undefined;
  readonly exitCode?: number | null | undefined;
}

export interface ErrorDetails extends ErrorFacts {
  readonly message: string;
  readonly cause?: unknown;
}

export abstract class NestbenchError extends Error implements ErrorFacts {
  abstract readonly code: ErrorCode;
  abstract readonly kind: FailureKind;
  declare readonly machine?: string | undefined;
  declare readonly output?: string | undefined;
  declare readonly seconds?: number | undefined;
  declare readonly argv?: readonly string[] | undefined;
  declare readonly exitCode?: number | null | undefined;

  constructor({ message, cause, ...facts }: ErrorDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    Object.assign(this, facts);
  }
}

/** Wrong input by the user. The message is one clear sentence, which repeats input without control characters. */
export class InputError extends NestbenchError {
  override readonly code: InputCode;
  override readonly kind = 'configuration';
  constructor(code: InputCode, message: string) {
    super({ message: plainText(message) });
    this.code = code;
  }
}

/** A check failed, so the numbers would not count. */
export class CheckError extends NestbenchError {
  override readonly code = 'NESTBENCH_CHECK_FAILED';
  override readonly kind = 'infrastructure';
}

/** A machine, a kernel or a QEMU can't do what it should: the user has to change one of them. */
export class UnsuitableError extends NestbenchError {
  override readonly code = 'NESTBENCH_CHECK_FAILED';
  override readonly kind = 'configuration';
}

/** A command failed that has to succeed. */
export class CommandError extends NestbenchError {
  override readonly code = 'NESTBENCH_COMMAND_FAILED';
  override readonly kind = 'infrastructure';
}

/** A program is missing on this host. */
export class PackageMissingError extends NestbenchError {
  override readonly code = 'NESTBENCH_PACKAGE_MISSING';
  override readonly kind = 'configuration';
}

/** This host does not have enough space. */
export class NoSpaceError extends NestbenchError {
  override readonly code = 'NESTBENCH_NO_SPACE';
  override readonly kind = 'configuration';
}

/** A disk that a run needs is full, on this host or on a machine of the testbed. */
export class DiskFullError extends NestbenchError {
  override readonly code = 'NESTBENCH_NO_SPACE';
  override readonly kind = 'infrastructure';
}

/** The operating system of this host refused something that a run needs, such as to write a file. */
export class SystemRefusedError extends NestbenchError {
  override readonly code = 'NESTBENCH_SYSTEM_REFUSED';
  override readonly kind = 'infrastructure';
}

/** Another run holds the testbed. */
export class TestbedBusyError extends NestbenchError {
  override readonly code = 'NESTBENCH_TESTBED_BUSY';
  override readonly kind = 'infrastructure';
}

/** The lock of the testbed is no longer this run's, so another run may end its machines. */
export class LockLostError extends NestbenchError {
  override readonly code = 'NESTBENCH_LOCK_LOST';
  override readonly kind = 'infrastructure';
}

/** Somebody removed the journal of a run. */
export class JournalGoneError extends NestbenchError {
  override readonly code = 'NESTBENCH_JOURNAL_GONE';
  override readonly kind = 'infrastructure';
}

/** A machine or its QEMU did not start. */
export class BootError extends NestbenchError {
  override readonly code = 'NESTBENCH_BOOT_FAILED';
  override readonly kind = 'infrastructure';
}

/** Something exceeded its deadline. */
export class DeadlineError extends NestbenchError {
  override readonly code = 'NESTBENCH_DEADLINE';
  override readonly kind = 'infrastructure';
}

/** The run, or one wait of it, was stopped on purpose. */
export class AbortedError extends NestbenchError {
  override readonly code = 'NESTBENCH_ABORTED';
  override readonly kind = 'infrastructure';
}

/** The same failure with additional facts. A new error would hide which failure it was. */
export class AnnotatedError extends NestbenchError {
  override readonly code: ErrorCode;
  override readonly kind: FailureKind;
  constructor(
    original: NestbenchError,
    more: { readonly message?: string; readonly output?: string | undefined; readonly kind?: FailureKind },
  ) {
    const { message, cause, machine, output, seconds, argv, exitCode } = original;
    super({
      message: more.message ?? message,
      cause,
      machine,
      output: more.output ?? output,
      seconds,
      argv,
      exitCode,
    });
    this.name = original.name;
    this.code = original.code;
    this.kind = more.kind ?? original.kind;
  }
}

/** A bug in nestbench. Its message is the stack, which the journal and the terminal show. */
export class BugError extends NestbenchError {
  override readonly code = 'NESTBENCH_BUG';
  override readonly kind = 'bug';
  constructor({ cause }: { readonly cause: Error }) {
    super({ message: cause.stack ?? cause.message, cause });
  }
}

/** An error of the system, a library or another program, without a better wording. */
export class UnexpectedError extends NestbenchError {
  override readonly code = 'NESTBENCH_UNEXPECTED';
  override readonly kind = 'infrastructure';
  constructor({ cause }: { readonly cause: unknown }) {
    super({ message: wording(cause), cause });
  }
}

function wording(cause: unknown): string {
  if (cause instanceof z.ZodError) return `Data is not as expected: ${z.prettifyError(cause)}`;
  if (!(cause instanceof Error)) return String(cause);
  if (isOfSystem(cause)) return `The system refused: ${cause.message}.`;
  return cause.message === '' ? cause.name : cause.message;
}

/** Of the operating system: a full disk, a file that may not be written. */
function isOfSystem(cause: Error): boolean {
  return 'syscall' in cause;
}

/** By the names of errno(3): no room on the disk, or none left of the user's quota. */
function isDiskFull(cause: Error): boolean {
  return 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
}

/**
 * Errors without an external cause: a value of a wrong type or out of range, an unknown name, a failed assertion, and
 * unchecked text in JSON.parse. Their message needs the stack.
 */
const MISTAKES = [TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError];

function isMistake(error: Error): boolean {
  return MISTAKES.some((kind) => error instanceof kind) || error.name === 'AssertionError';
}

/**
 * Converts anything thrown to a nestbench error. A plain Error is infrastructure: only a programming error is a bug.
 */
export function toNestbenchError(thrown: unknown): NestbenchError {
  if (thrown instanceof NestbenchError) return thrown;
  if (!(thrown instanceof Error)) return new UnexpectedError({ cause: thrown });
  if (thrown.name === 'AbortError')
    return new AbortedError({ message: `Stopped: ${thrown.message}.`, cause: thrown });
  const refusal = systemRefusal(thrown);
  if (refusal !== undefined) {
    const RefusedError = isDiskFull(thrown) ? DiskFullError : SystemRefusedError;
    return new RefusedError({ message: refusal, machine: 'host', cause: thrown });
  }
  return isMistake(thrown) ? new BugError({ cause: thrown }) : new UnexpectedError({ cause: thrown });
}

/** The sentence for a foreseeable fault; undefined for a bug, whose stack is needed. */
export function sentenceOf(thrown: unknown): string | undefined {
  const { kind, message } = toNestbenchError(thrown);
  return kind === 'bug' ? undefined : message;
}

/**
 * For the person at the keyboard: the sentence, without the stack of nestbench's calls, and without the cause, which Vitest
 * prints with its place in the source. A bug keeps both, and what a library threw keeps the cause: nothing else says where.
 */
export function withoutStack(error: NestbenchError): NestbenchError {
  if (error.kind === 'bug') return error;
  error.stack = `${error.name}: ${error.message}`;
  const { cause } = error;
  const isWorded = !(error instanceof UnexpectedError) || (cause instanceof Error && isOfSystem(cause));
  if (isWorded) delete error.cause;
  return error;
}
