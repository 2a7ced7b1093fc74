/** A directory that another process may replace by one of its own under the same name. */
import { rmSync, type Stats, statSync } from 'node:fs';

type Identity = Pick<Stats, 'ino' | 'birthtimeMs'>;

export class OwnDirectory {
  readonly #place: string;
  readonly #is: Identity | undefined;

  constructor(place: string) {
    this.#place = place;
    this.#is = identityOf(place);
  }

  /** Whether it is still the one that it was. */
  get isThere(): boolean {
    const now = identityOf(this.#place);
    // A new one may get the inode of a removed one.
    return now !== undefined && now.ino === this.#is?.ino && now.birthtimeMs === this.#is.birthtimeMs;
  }

  /** Removes it, unless another has its name. */
  remove(): void {
    if (this.isThere) rmSync(this.#place, { recursive: true, force: true });
  }
}

function identityOf(place: string): Identity | undefined {
  return statSync(place, { throwIfNoEntry: false });
}
