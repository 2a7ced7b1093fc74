/** Notices that a machine was restarted, and not by nestbench: the reason why its connection was lost. */
export class SeenBoots {
  readonly #ids = new Map<string, string>();

  /** Notes that it runs, since the start with this id. */
  note(machine: string, bootId: string): void {
    this.#ids.set(machine, bootId);
  }

  isKnown(machine: string): boolean {
    return this.#ids.has(machine);
  }

  /** A sentence about a machine that has another id than was noted; undefined for one that has not. */
  whatHappened(machine: string, bootId: string): string | undefined {
    const last = this.#ids.get(machine);
    if (last === undefined || last === bootId) return undefined;
    return `${machine} was restarted since it was lost: it lost power, crashed, or somebody rebooted it.`;
  }
}
