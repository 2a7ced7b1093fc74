/** Collects what a command prints, in order of arrival, and joins characters that are split across chunks. */
import { StringDecoder } from 'node:string_decoder';

type Channel = 'stdout' | 'stderr';

export class Output {
  readonly #parts: { channel: Channel; text: string }[] = [];
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };

  push(channel: Channel, chunk: Buffer): void {
    const text = this.#decoders[channel].write(chunk);
    if (text !== '') this.#parts.push({ channel, text });
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
