/** One operation of a block as a sequence of turns, from the operation's instruction to the next one. */
import type { Crossing, Spent } from './follow-block.ts';
import type { Turn } from './explanation.ts';
import { type Level, levelName } from '../../fixtures/levels.ts';

/** How a turn ends: `exits: VMMCALL`, `enters L1: handle VMMCALL of L2`. */
export function endInWords({ next: { level, reason } }: Turn): string {
  return `${level === 0 ? 'exits' : `enters ${levelName(level)}`}: ${reason}`;
}

/** How many functions of a turn are named. */
const NAMED = 3;

/**
 * All operations of a block. Each begins with the turn of the program that its instruction ends.
 * @param program the level of the measured program.
 */
export function operationsOf(steps: Iterable<Spent | Crossing>, program: Level): Turn[][] {
  const turns = [...turnsOf(steps)];
  const reason = firstReason(turns.filter(({ level }) => level === program));
  const operations: Turn[][] = [];
  for (const turn of turns) {
    if (turn.level === program && turn.next.reason === reason) operations.push([]);
    operations.at(-1)?.push(turn);
  }
  return operations;
}

/** The exit that each operation has: the most frequent one, and of those the first. */
function firstReason(turns: readonly Turn[]): string | undefined {
  const groups = [...Map.groupBy(turns, ({ next }) => next.reason)];
  return groups.toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0];
}

/** The one whose sum is nearest to a cost. The last one of a block is not whole: the program ends it, not an exit. */
export function typicalOperation(operations: readonly (readonly Turn[])[], cost: number): readonly Turn[] {
  const distance = (turns: readonly Turn[]): number => Math.abs(instructionsOf(turns) - cost);
  return operations.toSorted((one, other) => distance(one) - distance(other))[0] ?? [];
}

function instructionsOf(turns: readonly Turn[]): number {
  return turns.reduce((sum, { instructions }) => sum + instructions, 0);
}

function* turnsOf(steps: Iterable<Spent | Crossing>): Generator<Turn> {
  let spent: Spent[] = [];
  for (const step of steps) {
    if (step.kind === 'spent') {
      spent.push(step);
      continue;
    }
    const { from, to, reason } = step;
    yield { level: from, cause: spent[0]?.cause ?? '', ...summed(spent), next: { level: to, reason } };
    spent = [];
  }
}

function summed(spent: readonly Spent[]): Pick<Turn, 'instructions' | 'functions'> {
  const byName = new Map<string, number>();
  for (const { functions, instructions } of spent) {
    const name = functions.at(-1) ?? '';
    byName.set(name, (byName.get(name) ?? 0) + instructions);
  }
  const functions = [...byName]
    .map(([name, instructions]) => ({ name, instructions }))
    .toSorted((one, other) => other.instructions - one.instructions)
    .slice(0, NAMED);
  return { instructions: spent.reduce((sum, { instructions }) => sum + instructions, 0), functions };
}
