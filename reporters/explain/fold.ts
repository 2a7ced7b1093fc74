/** Sums of followed blocks. */
import type { Crossing, Spent } from './follow-block.ts';
import type { CrossingCount, Path } from './explanation.ts';

/** Sums what blocks spent and how often they crossed, each with a factor. */
export class Fold {
  readonly #paths = new Map<string, Path>();
  readonly #crossings = new Map<string, CrossingCount>();

  add(steps: Iterable<Spent | Crossing>, factor: number): void {
    for (const step of steps) {
      if (step.kind === 'spent') this.#spend(step, factor);
      else this.#cross(step, factor);
    }
  }

  /** The largest first. What adds up to nothing is left out. */
  get paths(): Path[] {
    return [...this.#paths.values()]
      .filter(({ instructions }) => Math.abs(instructions) > NOTHING)
      .toSorted((one, other) => other.instructions - one.instructions);
  }

  /** The most frequent first. */
  get crossings(): CrossingCount[] {
    return [...this.#crossings.values()]
      .filter(({ count }) => Math.abs(count) > NOTHING)
      .toSorted((one, other) => other.count - one.count);
  }

  #spend({ level, cause, functions, instructions }: Spent, factor: number): void {
    const key = [level, cause, ...functions].join('\n');
    const before = this.#paths.get(key)?.instructions ?? 0;
    this.#paths.set(key, {
      level,
      cause,
      functions: [...functions],
      instructions: before + instructions * factor,
    });
  }

  #cross({ from, to, reason }: Crossing, factor: number): void {
    const key = [from, to, reason].join('\n');
    const before = this.#crossings.get(key)?.count ?? 0;
    this.#crossings.set(key, { from, to, reason, count: before + factor });
  }
}

/** Rounding errors of adding fractions. */
const NOTHING = 1e-6;
