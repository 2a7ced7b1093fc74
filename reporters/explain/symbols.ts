/** The kernel's functions by address, from /proc/kallsyms. */

export interface Symbol {
  readonly name: string;
  /** Signed, as in path-records.ts. */
  readonly start: number;
}

/** Text symbols, of any scope (nm(1)). */
const LINE = /^([0-9a-f]{16}) [tTwW] (\S+)$/gm;

export class Symbols {
  readonly #sorted: readonly Symbol[];

  constructor(symbols: readonly Symbol[]) {
    this.#sorted = symbols.toSorted((one, other) => one.start - other.start);
  }

  /** The function with an instruction; undefined below the first one. */
  find(address: number): Symbol | undefined {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle]?.start ?? Infinity) <= address) low = middle + 1;
      else high = middle;
    }
    return this.#sorted[low - 1];
  }
}

/**
 * Of several names of one address the first one counts. GCC moves unlikely parts of a function to one of its own,
 * `NAME.cold`, which counts as the function.
 * @throws {RangeError} without a symbol, or if the addresses are hidden (kptr_restrict).
 */
export function parseKallsyms(text: string): Symbols {
  const byStart = new Map<number, Symbol>();
  for (const [, address = '', name = ''] of text.matchAll(LINE)) {
    const start = Number(BigInt.asIntN(64, BigInt(`0x${address}`)));
    if (start < 0 && !byStart.has(start)) byStart.set(start, { name: name.replace(/\.cold$/, ''), start });
  }
  if (byStart.size === 0) throw new RangeError('there are no addresses of functions in /proc/kallsyms');
  return new Symbols([...byStart.values()]);
}
