/**
 * Runs pieces of work one after another, in the order in which they were requested. Work must not wait for a turn of
 * its own.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Runs `work` once all earlier work has ended, successfully or not. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const own = Promise.withResolvers<void>();
    this.#last = before.then(() => own.promise);
    await before;
    try {
      return await work();
    } finally {
      own.resolve();
    }
  }

  /** Resolves once all work requested so far has ended. */
  ended(): Promise<void> {
    return this.#last;
  }
}
