/** The duration of a phase of a boot. */

export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

/** A stopwatch with named laps, which starts when it is created. */
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
