/**
 * nestbench's errors: few classes, each with a stable `code` and its facts as fields. The sentence says what was
 * tried, on which machine and level, for how long, and what to do next.
 */

import { plainText } from '../../fixtures/plain-text.ts';

/** Whose fault a failure is; the journal keeps it with every failure record. */
export type FailureKind = 'infrastructure' | 'benchmark' | 'configuration' | 'bug';

export type ErrorCode =
  /** Bad input, told before anything boots. */
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
  | 'NESTBENCH_HISTORY_UNREADABLE'
  /** The host can't carry the testbed. */
  | 'NESTBENCH_PACKAGE_MISSING'
  | 'NESTBENCH_NO_SPACE'
  | 'NESTBENCH_TOO_LITTLE_MEMORY'
  | 'NESTBENCH_TESTBED_BUSY'
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
  | 'NESTBENCH_SERVICE_FAILED'
  | 'NESTBENCH_PROCESS_KILLED'
  | 'NESTBENCH_BUG';

/** Facts that travel with an error into the journal; all flat and optional. */
export interface ErrorFacts {
  /** The machine it happened on: `host`, `client`, `l0` ... `l3`. */
  readonly machine?: string;
  /** The end of that machine's console, or of the tool's output. */
  readonly output?: string;
  /** How long it was tried, in seconds. */
  readonly seconds?: number;
  readonly argv?: readonly string[];
  readonly exitCode?: number | null;
}

export class NestbenchError extends Error {
  override readonly name: string = 'NestbenchError';
  readonly code: ErrorCode;
  readonly kind: FailureKind;
  readonly facts: ErrorFacts;

  constructor(
    code: ErrorCode,
    kind: FailureKind,
    message: string,
    facts: ErrorFacts = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.kind = kind;
    this.facts = facts;
  }
}

/** Wrong input of the person at the keyboard: one clear sentence, which repeats input without what a terminal would obey. */
export class InputError extends NestbenchError {
  override readonly name = 'InputError';
  constructor(code: ErrorCode, message: string) {
    super(code, 'configuration', plainText(message));
  }
}

/** Whatever was thrown, as one of ours; what is not ours is a bug of nestbench. */
export function toNestbenchError(thrown: unknown): NestbenchError {
  if (thrown instanceof NestbenchError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new NestbenchError('NESTBENCH_BUG', 'bug', error.stack ?? error.message, {}, { cause: error });
}

/** The sentence for a foreseeable fault; undefined for a bug, whose stack is needed. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof NestbenchError) return error.kind === 'bug' ? undefined : error.message;
  // Of the operating system: a full disk, a file that may not be written.
  if (error instanceof Error && 'syscall' in error) return `The system refused: ${error.message}.`;
  return undefined;
}

/** For the person at the keyboard: the sentence, without the stack of our own calls. A bug keeps it. */
export function withoutStack(error: NestbenchError): NestbenchError {
  if (error.kind !== 'bug') error.stack = `${error.name}: ${error.message}`;
  return error;
}

/** The same failure, told with what else was seen of it. */
export function retold(error: NestbenchError, output: string, message = error.message): NestbenchError {
  const { code, kind, facts } = error;
  return new NestbenchError(code, kind, message, { ...facts, output }, { cause: error });
}
