/** A guest's console: keeps all of it in a file, and watches for patterns and kernel panics. */
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { AnnotatedError, NestbenchError } from '../lib/errors.ts';
import { lastLines } from '../lib/error-text.ts';
import { ConnectionError, GuestPanicError } from './machine-errors.ts';
import { abortable } from '../lib/abortable.ts';
import { ControlCodeStripper } from '../lib/control-codes.ts';
import { withDeadline } from '../lib/wait.ts';

export interface ConsoleOptions {
  readonly machine: string;
  /** Everything is appended here, byte for byte. */
  readonly file: string;
  /** Whether it continues from a snapshot: then the existing text in the file is from the same kernel. */
  readonly goesOn?: boolean | undefined;
}

export interface SeenOptions {
  readonly signal: AbortSignal;
  readonly deadlineSeconds: number;
}

/** How much plain text is kept, at least, for patterns and for `tail`. The file has the rest. */
const KEPT_CHARACTERS = 256 * 1024;
/** A panicked kernel may stop in the middle of its panic line. */
const PANIC_LINE_MS = 1000;
const PANIC = /Kernel panic - not syncing: (.*)/;

export class Console {
  readonly machine: string;
  readonly file: string;
  /** Resolves with the kernel's reason when it panics; otherwise stays pending. Never rejects. */
  readonly panicked: Promise<string>;
  /** Resolves when the stream has ended and the file is complete. Never rejects. */
  readonly closed: Promise<void>;
  /** When the guest last wrote anything; undefined before its first byte. */
  lastOutputAt: Date | undefined;
  /** What its kernel printed before it was saved: included in its tail, but not searched for patterns. */
  readonly #before: string;
  #text = '';
  /** The incomplete last line. */
  #line = '';
  #ended = false;
  #panicReason: string | undefined;
  #panicTimer: NodeJS.Timeout | undefined;
  readonly #watchers = new Set<() => void>();
  readonly #panic = Promise.withResolvers<string>();

  constructor(source: Readable, options: ConsoleOptions) {
    this.machine = options.machine;
    this.file = options.file;
    this.panicked = this.#panic.promise;
    this.#before = options.goesOn === true ? textOf(options.file) : '';

    const decoder = new StringDecoder('utf8');
    const stripper = new ControlCodeStripper();
    const file = createWriteStream(options.file, { flags: 'a' });
    // A full disk must not end the guest: the console continues in memory.
    file.on('error', () => {});
    const over = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      this.#append(stripper.push(decoder.end()) + stripper.end());
      file.end();
    };
    source
      .on('data', (chunk: Buffer) => {
        this.lastOutputAt = new Date();
        file.write(chunk);
        this.#append(stripper.push(decoder.write(chunk)));
      })
      .on('error', over)
      .on('end', over)
      .on('close', over);
    this.closed = finished(file).catch(() => {});
  }

  /** Its text without control codes; if it is long, the end. */
  get text(): string {
    return this.#text;
  }

  /** Its last lines, without control codes. */
  tail(lines: number): string {
    return lastLines(this.#before + this.#text, lines);
  }

  /**
   * Waits until its text, from the beginning, contains the pattern.
   * @throws NESTBENCH_GUEST_PANICKED, NESTBENCH_DEADLINE and NESTBENCH_CONNECTION_LOST (the console ended), each with
   * its last lines; NESTBENCH_ABORTED or the signal's own reason.
   */
  async seen(pattern: RegExp | string, options: SeenOptions): Promise<RegExpExecArray> {
    const expression =
      typeof pattern === 'string'
        ? new RegExp(RegExp.escape(pattern))
        : new RegExp(pattern, pattern.flags.replace(/[gy]/g, ''));
    const what = `${String(pattern)} on its console`;
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const look = (): void => {
      const found = expression.exec(this.#text);
      if (found !== null) resolve(found);
      else if (this.#panicReason !== undefined) reject(this.panicError(this.#panicReason));
      else if (this.#ended)
        reject(
          new ConnectionError({
            message: `The console of ${this.machine} ended before ${String(pattern)} was seen on it.`,
            machine: this.machine,
          }),
        );
    };
    this.#watchers.add(look);
    try {
      return await withDeadline(
        what,
        options.deadlineSeconds,
        options.signal,
        (signal) => {
          look();
          return abortable(promise, signal);
        },
        this.machine,
      );
    } catch (error) {
      // The caller's own reason for the abort is complete as it is.
      throw options.signal.aborted ? error : this.#withTail(error);
    } finally {
      this.#watchers.delete(look);
    }
  }

  panicError(reason: string): NestbenchError {
    return new GuestPanicError({
      machine: this.machine,
      reason,
      consoleFile: this.file,
      output: this.tail(20),
    });
  }

  #withTail(error: unknown): unknown {
    if (!(error instanceof NestbenchError) || error.output !== undefined) return error;
    return new AnnotatedError(error, { output: this.tail(20) });
  }

  #append(text: string): void {
    this.#text += text;
    if (this.#text.length > 2 * KEPT_CHARACTERS) this.#text = this.#text.slice(-KEPT_CHARACTERS);
    this.#lookForPanic(text);
    for (const look of this.#watchers) look();
  }

  #lookForPanic(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = this.#ended ? '' : (lines.pop() ?? '');
    for (const line of lines) this.#panicAt(line);
    if (this.#panicTimer === undefined && PANIC.test(this.#line)) {
      this.#panicTimer = setTimeout(() => {
        this.#panicAt(this.#line);
        for (const look of this.#watchers) look();
      }, PANIC_LINE_MS).unref();
    }
  }

  #panicAt(line: string): void {
    const reason = PANIC.exec(line)?.[1];
    if (reason === undefined || this.#panicReason !== undefined) return;
    clearTimeout(this.#panicTimer);
    this.#panicReason = reason.trim();
    this.#panic.resolve(this.#panicReason);
  }
}

/** The text of a console that has ended, without control codes; as much as is kept of a running one. */
function textOf(file: string): string {
  if (!existsSync(file)) return '';
  const stripper = new ControlCodeStripper();
  return (stripper.push(readFileSync(file, 'utf8')) + stripper.end()).slice(-KEPT_CHARACTERS);
}
