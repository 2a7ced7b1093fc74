/** How long each phase of a boot took. */

export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

/** A stopwatch with named laps, from its making on. */
export class Phases {
  readonly list: Phase[] = [];
  #since = performance.now();

  /** Ends the phase that began with the last lap. */
  lap(name: string): void {
    const now = performance.now();
    this.list.push({ name, seconds: (now - this.#since) / 1000 });
    this.#since = now;
  }
}
