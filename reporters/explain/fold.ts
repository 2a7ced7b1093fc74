/** Sums of followed blocks. */
import type { Crossing, Spent } from './follow-block.ts';
import type { CrossingCount, Path } from './explanation.ts';

/** Sums what blocks spent and how often they crossed, as whole numbers. */
export class Fold {
  readonly #paths = new Map<string, Path>();
  readonly #crossings = new Map<string, CrossingCount>();

  /** @param sign -1 takes a block away. */
  add(steps: Iterable<Spent | Crossing>, sign: 1 | -1): void {
    for (const step of steps) {
      if (step.kind === 'spent') this.#spend(step, sign);
      else this.#cross(step, sign);
    }
  }

  /** Of one operation, the largest first. What adds up to nothing is left out. */
  paths(operations: number): Path[] {
    return [...this.#paths.values()]
      .filter(({ instructions }) => instructions !== 0)
      .map(({ level, cause, functions, instructions }) => ({
        level,
        cause,
        functions,
        instructions: instructions / operations,
      }))
      .toSorted((one, other) => other.instructions - one.instructions);
  }

  /** Of one operation, the most frequent first. */
  crossings(operations: number): CrossingCount[] {
    return [...this.#crossings.values()]
      .filter(({ count }) => count !== 0)
      .map(({ from, to, reason, count }) => ({ from, to, reason, count: count / operations }))
      .toSorted((one, other) => other.count - one.count);
  }

  #spend({ level, cause, functions, instructions }: Spent, sign: number): void {
    const key = [level, cause, ...functions].join('\n');
    const before = this.#paths.get(key)?.instructions ?? 0;
    this.#paths.set(key, {
      level,
      cause,
      functions: [...functions],
      instructions: before + instructions * sign,
    });
  }

  #cross({ from, to, reason }: Crossing, sign: number): void {
    const key = [from, to, reason].join('\n');
    const before = this.#crossings.get(key)?.count ?? 0;
    this.#crossings.set(key, { from, to, reason, count: before + sign });
  }
}
