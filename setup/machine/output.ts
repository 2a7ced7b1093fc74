/** Collects what a command prints, in order of arrival, and joins characters that are split across chunks. */
import { StringDecoder } from 'node:string_decoder';

type Channel = 'stdout' | 'stderr';

/** The most that is kept, in characters. A build of a kernel prints some 3 million. */
export const MOST_OUTPUT = 64 * 2 ** 20;

export class Output {
  readonly #parts: { channel: Channel; text: string }[] = [];
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };

  #length = 0;
  #onFull = (): void => {};

  /** What comes once it is full is dropped. */
  push(channel: Channel, chunk: Buffer): void {
    const text = this.#decoders[channel].write(chunk);
    if (text === '' || this.#isFull) return;
    this.#parts.push({ channel, text });
    this.#length += text.length;
    if (this.#isFull) this.#onFull();
  }

  /** Calls back once it is full, at once if it is. */
  onFull(callback: () => void): void {
    this.#onFull = callback;
    if (this.#isFull) callback();
  }

  get #isFull(): boolean {
    return this.#length > MOST_OUTPUT;
  }

  get stdout(): string {
    return this.#of('stdout');
  }

  get stderr(): string {
    return this.#of('stderr');
  }

  /** Both, as they arrived. */
  get all(): string {
    return this.#parts.map(({ text }) => text).join('');
  }

  #of(wanted: Channel): string {
    return this.#parts
      .filter(({ channel }) => channel === wanted)
      .map(({ text }) => text)
      .join('');
  }
}
