/** Words that errors share, so that one kind of failure reads the same wherever it happens. */
import { AbortedError, type ErrorFacts, NestbenchError } from './errors.ts';

/** How much of a tool's output an error carries. */
const OUTPUT_LINES = 20;
const OUTPUT_CHARACTERS = 4000;

/** The last lines of a text, cut in length too, for an error or a report. */
export function lastLines(text: string, lines = OUTPUT_LINES): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n').slice(-OUTPUT_CHARACTERS);
}

/** A command as a person would read it, cut where it is long. */
export function words(argv: readonly string[]): string {
  const text = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** Seconds with as many digits as say something. */
export function inSeconds(seconds: number): string {
  return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
}

/** What was thrown, in one line. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.map(reasonOf).join('; ');
  return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
}

/** `ENOENT` and so on, where Node gives such a code. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}

/** The error that an aborted wait ends with: the signal's own reason where that is a nestbench error. */
export function aborted(
  signal: AbortSignal,
  what: string,
  facts: Pick<ErrorFacts, 'machine' | 'argv'> = {},
): NestbenchError {
  const reason: unknown = signal.reason;
  if (reason instanceof NestbenchError) return reason;
  return new AbortedError({ message: `Stopped: ${what}.`, ...facts, cause: reason });
}
