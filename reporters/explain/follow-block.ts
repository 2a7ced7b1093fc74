/** Follows a recorded block through the levels: who executed how many instructions, and why each level was left. */
import { type Level, levelName } from '../../fixtures/levels.ts';
import { CallStacks } from './call-stacks.ts';
import { exitReason } from './exit-reasons.ts';
import { Guests } from './recorded-guests.ts';
import { BLOCK, ENTRY, EXIT, type PathRecord } from './path-records.ts';
import type { Symbols } from './symbols.ts';

/** Instructions of one function, by whom it was called. */
export interface Spent {
  readonly kind: 'spent';
  readonly level: Level;
  /** What the level works on: the exit of a level above it that it handles, such as `VMMCALL of L2`. */
  readonly cause: string;
  /** Outermost first. */
  readonly functions: readonly string[];
  readonly instructions: number;
}

/** A guest has left for L0, or L0 has entered one. */
export interface Crossing {
  readonly kind: 'crossing';
  readonly from: Level;
  readonly to: Level;
  /** Of an exit its own reason; of an entry what it is for. */
  readonly reason: string;
}

/**
 * @param records of the block; called several times.
 * @param program the level of the measured program, which runs at first.
 */
export function* followBlock(
  records: () => Iterable<PathRecord>,
  program: Level,
  symbols: Symbols,
): Generator<Spent | Crossing> {
  const stacks = new Map<Level, CallStacks>();
  // The calls before the block are known only when it has been followed once: its operations are all alike.
  for (const step of follow(records, program, symbols, stacks)) void step;
  yield* follow(records, program, symbols, stacks);
}

function* follow(
  records: () => Iterable<PathRecord>,
  program: Level,
  symbols: Symbols,
  stacks: Map<Level, CallStacks>,
): Generator<Spent | Crossing> {
  const guests = new Guests(program, records);
  const causes = new Causes();
  let level: Level = program;
  let guest: Level = program;
  for (const record of records()) {
    if (record.kind === BLOCK) {
      const { a: pc, b: sp, n: instructions } = record;
      const functions = stacksOf(level, stacks, symbols).at(pc, sp);
      yield { kind: 'spent', level, cause: causes.of(level), functions, instructions };
    } else if (record.kind === EXIT) {
      guests.exit(record);
      const reason = exitReason(record);
      causes.exit(guest, reason);
      yield { kind: 'crossing', from: guest, to: 0, reason };
      level = 0;
    } else if (record.kind === ENTRY) {
      const to = guests.enter(record);
      yield { kind: 'crossing', from: 0, to, reason: causes.enter(to) };
      guest = to;
      level = to;
    }
  }
}

function stacksOf(level: Level, all: Map<Level, CallStacks>, symbols: Symbols): CallStacks {
  const known = all.get(level) ?? new CallStacks(symbols);
  all.set(level, known);
  return known;
}

/** What each level works on. */
class Causes {
  readonly #of = new Map<Level, Exit>();
  /** The last exit to L0. */
  #last: Exit | undefined;

  of(level: Level): string {
    const cause = level === 0 ? this.#last : this.#of.get(level);
    return cause === undefined ? '' : inWords(cause);
  }

  exit(from: Level, reason: string): void {
    this.#last = { from, reason };
  }

  /** @returns what the entry is for. */
  enter(to: Level): string {
    const last = this.#last;
    if (last === undefined) return 'continue';
    if (to > last.from) {
      // Asked for by a level between: it passes on the exit that it handles, unless that was of the level that it enters.
      const passed = this.#of.get(last.from);
      if (passed !== undefined && passed.from > to) {
        this.#of.set(to, passed);
        return `handle ${inWords(passed)}`;
      }
      return inWords(last);
    }
    if (to < last.from) {
      this.#of.set(to, last);
      return `handle ${inWords(last)}`;
    }
    return `continue after ${last.reason}`;
  }
}

interface Exit {
  readonly from: Level;
  readonly reason: string;
}

function inWords({ from, reason }: Exit): string {
  return `${reason} of ${levelName(from)}`;
}
