/** Wording shared by errors, so that one kind of failure reads the same everywhere. */
import { AbortedError, type ErrorFacts, NestbenchError } from './errors.ts';

/** How many lines of a tool's output an error includes. */
const OUTPUT_LINES = 20;
const OUTPUT_CHARACTERS = 4000;

/** The last lines of a text, also limited in length, for an error or a report. */
export function lastLines(text: string, lines = OUTPUT_LINES): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n').slice(-OUTPUT_CHARACTERS);
}

/** A command for printing, truncated if it is long. */
export function words(argv: readonly string[]): string {
  const text = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** Seconds with a sensible number of digits. */
export function inSeconds(seconds: number): string {
  return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
}

/** What was thrown, in one line. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.map(reasonOf).join('; ');
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
}

/** `ENOENT` and so on, if Node sets such a code. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}

/** The error that an aborted wait ends with: the signal's own reason if that is a nestbench error. */
export function aborted(
  signal: AbortSignal,
  what: string,
  facts: Pick<ErrorFacts, 'machine' | 'argv'> = {},
): NestbenchError {
  const reason: unknown = signal.reason;
  if (reason instanceof NestbenchError) return reason;
  return new AbortedError({ message: `Stopped: ${what}.`, ...facts, cause: reason });
}
