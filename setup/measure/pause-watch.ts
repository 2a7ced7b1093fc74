/** Notices that this process did not run for a while: a signal stopped it, the host was suspended, or had no CPU for it. */

/** Ten times a second costs nothing, and the pauses that matter are seconds. */
const TICK_MS = 100;

export class PauseWatch implements Disposable {
  #last = performance.now();
  #longestMs = 0;
  readonly #timer = setInterval(() => this.#tick(), TICK_MS).unref();

  /** The longest time at a stretch since it was created for which nothing ran. */
  longestSeconds(): number {
    // After a pause, what was waited for may be noticed before the timer.
    this.#tick();
    return Math.max(0, this.#longestMs - TICK_MS) / 1000;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    this.#longestMs = Math.max(this.#longestMs, now - this.#last);
    this.#last = now;
  }
}
