/** Runs pieces of work one after another, in the order in which they were requested. Work must not wait for a turn of its own. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Does `work` once all that was asked for before has ended, well or not. */
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

  /** Resolves once all that was asked for until now has ended. */
  ended(): Promise<void> {
    return this.#last;
  }
}
