/** Lets work be done one after another, whoever asks for it: in the order in which it was asked for. */
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
