/**
 * A program of nestbench on a machine, which answers each line with a line of JSON (setup/build/image/guest/answer.h).
 */
import type { Duplex } from 'node:stream';
import type { z } from 'zod';
import { CheckError, type NestbenchError } from '../lib/errors.ts';
import { aborted, reasonOf } from '../lib/error-text.ts';
import { ConnectionError } from './machine-errors.ts';
import { LineSplitter } from '../lib/lines.ts';
import { withDeadline } from '../lib/wait.ts';

/** An answer took 2 to 20 ms on an emulated server. After this time it will never come. */
export const ANSWER_SECONDS = 60;

export interface LineProgramKind<T> {
  /** Follows "the program": `that counts exits`. */
  readonly name: string;
  /** A sentence about what is unknown without it. */
  readonly loss: string;
  /** The usual request. */
  readonly request: string;
  readonly answer: z.ZodType<T>;
}

export class LineProgram<T> implements Disposable {
  readonly #machine: string;
  readonly #stream: Duplex;
  readonly #kind: LineProgramKind<T>;
  #waiting: PromiseWithResolvers<string> | undefined;
  #lost: NestbenchError | undefined;

  constructor(machine: string, stream: Duplex, kind: LineProgramKind<T>) {
    this.#machine = machine;
    this.#stream = stream;
    this.#kind = kind;
    const lines = new LineSplitter();
    stream
      .on('data', (chunk: Buffer) => {
        for (const line of lines.push(chunk)) this.#waiting?.resolve(line);
      })
      .on('error', (error) => this.#end(reasonOf(error)))
      .on('end', () => this.#end('it closed the connection'))
      .on('close', () => this.#end('its connection was closed'));
  }

  /**
   * Sends a request and waits for its answer. One at a time.
   * @throws NESTBENCH_CONNECTION_LOST if the program or the connection to it is gone, NESTBENCH_DEADLINE,
   * NESTBENCH_CHECK_FAILED if its answer can't be read, or the signal's reason.
   */
  async ask(signal: AbortSignal, request = this.#kind.request): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost;
    const what = `an answer of the program ${this.#kind.name}`;
    // Nobody would wait for the answer.
    if (signal.aborted) throw aborted(signal, what, { machine: this.#machine });
    const waiting = Promise.withResolvers<string>();
    this.#waiting = waiting;
    this.#stream.write(`${request}\n`);
    try {
      const line = await withDeadline(what, ANSWER_SECONDS, signal, () => waiting.promise, this.#machine);
      return this.#parse(line);
    } catch (error) {
      // A late answer would be taken for that to the next request.
      this.#end('it did not answer in time');
      throw error;
    } finally {
      this.#waiting = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#end('it was ended');
    this.#stream.destroy();
  }

  #parse(line: string): T {
    try {
      return this.#kind.answer.parse(JSON.parse(line));
    } catch (error) {
      throw new CheckError({
        message: `The answer of the program ${this.#kind.name} on ${this.#machine} can't be read: ${reasonOf(error)}`,
        machine: this.#machine,
        output: line.slice(0, 1000),
      });
    }
  }

  #end(why: string): void {
    this.#lost ??= new ConnectionError({
      message: `The program ${this.#kind.name} on ${this.#machine} can't be reached: ${why}. ${this.#kind.loss}`,
      machine: this.#machine,
    });
    this.#waiting?.reject(this.#lost);
  }
}
