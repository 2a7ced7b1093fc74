/** A QMP connection to a QEMU, over any stream: a Unix socket of this host, or one forwarded from a level. */
import type { Duplex } from 'node:stream';
import type { z } from 'zod';
import { CommandError, type NestbenchError } from '../../lib/errors.ts';
import { aborted, reasonOf } from '../../lib/error-text.ts';
import { ConnectionError } from '../machine-errors.ts';
import { abortable } from '../../lib/abortable.ts';
import { LineSplitter } from '../../lib/lines.ts';
import { answers, greeting, message, type QmpAnswers, type QmpEvent } from './qmp-messages.ts';
import { withDeadline } from '../../lib/wait.ts';

export type { QmpAnswers, QmpEvent } from './qmp-messages.ts';

export interface QmpOptions {
  /** The machine of the QEMU, for errors. */
  readonly machine: string;
  /** Stops connecting, but not the connection: after an abort QEMU still has to receive `quit`. */
  readonly signal: AbortSignal;
  /** For the greeting and, by default, for each answer. */
  readonly deadlineSeconds: number;
}

export interface ExecuteOptions {
  readonly signal?: AbortSignal;
  readonly deadlineSeconds?: number;
}

export interface Qmp extends AsyncDisposable {
  /** Such as `7.2.22`. */
  readonly version: string;
  /** Resolves when the connection has ended, for any reason. */
  readonly closed: Promise<void>;
  /**
   * Executes a command.
   * @throws NESTBENCH_COMMAND_FAILED with QEMU's error class and description, NESTBENCH_DEADLINE,
   * NESTBENCH_CONNECTION_LOST (except for `quit`, which ends the connection), NESTBENCH_ABORTED.
   */
  execute<C extends keyof QmpAnswers>(
    command: C,
    args?: object,
    options?: ExecuteOptions,
  ): Promise<QmpAnswers[C]>;
  execute(command: string, args?: object, options?: ExecuteOptions): Promise<unknown>;
  /**
   * Listens for an event by its name, such as `SHUTDOWN`.
   * @returns a function that stops listening.
   */
  on(event: string, listener: (event: QmpEvent) => void | Promise<void>): () => void;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Reads the greeting and leaves negotiation mode. On failure the stream is destroyed. */
export async function connectQmp(stream: Duplex, options: QmpOptions): Promise<Qmp> {
  const connection = new Connection(stream, options);
  try {
    await connection.negotiate(options.signal);
    return connection;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

class Connection implements Qmp {
  readonly closed: Promise<void>;
  version = '';
  readonly #stream: Duplex;
  readonly #machine: string;
  readonly #deadlineSeconds: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, Set<(event: QmpEvent) => void | Promise<void>>>();
  readonly #greeted = Promise.withResolvers<string>();
  #nextId = 1;
  #over: NestbenchError | undefined;

  constructor(stream: Duplex, options: QmpOptions) {
    this.#stream = stream;
    this.#machine = options.machine;
    this.#deadlineSeconds = options.deadlineSeconds;
    this.#greeted.promise.catch(() => {});
    const closed = Promise.withResolvers<void>();
    this.closed = closed.promise;
    const over = (why: string, cause?: unknown): void => {
      this.#fail(why, cause);
      closed.resolve();
    };
    const lines = new LineSplitter();
    stream
      .on('data', (chunk: Buffer) => {
        for (const line of lines.push(chunk)) this.#receive(line);
      })
      .on('error', (error) => over(reasonOf(error), error))
      .on('end', () => over('QEMU closed it'))
      .on('close', () => over('it was closed'));
  }

  async negotiate(signal: AbortSignal): Promise<void> {
    this.version = await withDeadline(
      "QEMU's QMP greeting",
      this.#deadlineSeconds,
      signal,
      (limit) => unlessAborted(this.#greeted.promise, limit),
      this.#machine,
    );
    await this.execute('qmp_capabilities', undefined, { signal });
  }

  execute<C extends keyof QmpAnswers>(
    command: C,
    args?: object,
    options?: ExecuteOptions,
  ): Promise<QmpAnswers[C]>;
  execute(command: string, args?: object, options?: ExecuteOptions): Promise<unknown>;
  async execute(command: string, args?: object, options: ExecuteOptions = {}): Promise<unknown> {
    if (this.#over !== undefined) throw this.#over;
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      const value = await withDeadline(
        `QEMU's answer to ${command}`,
        options.deadlineSeconds ?? this.#deadlineSeconds,
        options.signal ?? new AbortController().signal,
        (limit) => unlessAborted(answer.promise, limit),
        this.#machine,
      );
      return this.#checked(command, value);
    } catch (error) {
      if (command === 'quit' && error === this.#over) return {};
      throw error instanceof QmpError ? this.#commandFailed(command, error) : error;
    } finally {
      this.#waiting.delete(id);
    }
  }

  on(event: string, listener: (event: QmpEvent) => void | Promise<void>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail('it was closed');
    this.#stream.destroy();
  }

  #receive(line: string): void {
    if (line === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      this.#garbled(line);
      return;
    }
    if (this.#over !== undefined) return;
    const hello = greeting.safeParse(value);
    if (hello.success) {
      const { major, minor, micro } = hello.data.QMP.version.qemu;
      this.#greeted.resolve(`${major}.${minor}.${micro}`);
      return;
    }
    const parsed = message.safeParse(value);
    if (!parsed.success) this.#garbled(line);
    else if ('event' in parsed.data) void this.#notify(parsed.data);
    else if (parsed.data.id === undefined) this.#garbled(line);
    else if ('error' in parsed.data)
      this.#waiting.get(parsed.data.id)?.reject(new QmpError(parsed.data.error));
    else this.#waiting.get(parsed.data.id)?.resolve(parsed.data.return);
  }

  async #notify(event: QmpEvent): Promise<void> {
    for (const listener of this.#listeners.get(event.event) ?? []) {
      try {
        await listener(event);
      } catch (error) {
        // Not the protocol's fault, but it must not be lost.
        process.emitWarning(
          `A listener to QEMU's ${event.event} failed: ${reasonOf(error)}`,
          'NestbenchWarning',
        );
      }
    }
  }

  #checked(command: string, value: unknown): unknown {
    const schema: z.ZodType | undefined = new Map<string, z.ZodType>(Object.entries(answers)).get(command);
    if (schema === undefined) return value;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const reason = {
      class: 'Unreadable',
      desc: `its answer is not what was expected: ${parsed.error.message}`,
    };
    throw this.#commandFailed(command, new QmpError(reason));
  }

  #commandFailed(command: string, error: QmpError): NestbenchError {
    return new CommandError({
      message: `QEMU of ${this.#machine} refused ${command}: ${error.message}`,
      machine: this.#machine,
      argv: [command],
      cause: error,
    });
  }

  #garbled(line: string): void {
    this.#fail(`it sent something that is not QMP: ${line.slice(0, 200)}`);
    this.#stream.destroy();
  }

  #fail(why: string, cause?: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = new ConnectionError({
      message: `The QMP connection to QEMU of ${this.#machine} has ended: ${why}.`,
      machine: this.#machine,
      cause,
    });
    this.#greeted.reject(this.#over);
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
  }
}

/** QEMU's own error, before the command that it answers is known. */
class QmpError extends Error {
  constructor(error: { class: string; desc: string }) {
    super(`${error.class}: ${error.desc}`);
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return abortable(promise, signal, () => aborted(signal, 'waiting for QEMU'));
}
