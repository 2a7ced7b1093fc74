/** Finds the blocks that the guest program printed among the recorded marks. */
import type { Mark } from './path-records.ts';

/** From one RDTSC to another: the records after `from` up to `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A block of operations, and the equal loop without the operation. */
export interface RecordedBlock {
  readonly with: Span;
  readonly without: Span;
}

/** What the program printed for a block, `block=WITH WITHOUT`: differences of the TSC. */
export interface PrintedBlock {
  readonly with: number;
  readonly without: number;
}

/**
 * The printed blocks, in order, by the differences of the TSC. They are looked for from the end: there may be other marks
 * within a block (timer-expiry reads the TSC itself), and before the first one millions, of which some would fit (the
 * program waits for its second CPU by the TSC).
 * @returns undefined for a block that was not recorded as a whole.
 */
export function findBlocks(
  marks: readonly Mark[],
  printed: readonly PrintedBlock[],
): (RecordedBlock | undefined)[] {
  const byTsc = new Map(marks.map(({ tsc }, at) => [tsc, at]));
  /** The mark that is `ticks` after another one. */
  const endOf = (start: number, ticks: number): number | undefined =>
    byTsc.get((marks[start]?.tsc ?? NaN) + ticks);
  let later = marks.length;
  const found = printed.toReversed().map((block) => {
    for (let at = later - 1; at >= 0; at--) {
      const end = endOf(at, block.with);
      if (end === undefined) continue;
      // The loop without the operation begins right after.
      const otherEnd = endOf(end + 1, block.without);
      if (otherEnd === undefined || otherEnd >= later) continue;
      later = at;
      const isWhole = marks.slice(at + 1, otherEnd + 1).every((mark) => mark.isWhole);
      return isWhole
        ? { with: spanOf(marks, at, end), without: spanOf(marks, end + 1, otherEnd) }
        : undefined;
    }
    return undefined;
  });
  return found.toReversed();
}

function spanOf(marks: readonly Mark[], from: number, to: number): Span {
  return { from: marks[from]?.index ?? 0, to: marks[to]?.index ?? 0 };
}
