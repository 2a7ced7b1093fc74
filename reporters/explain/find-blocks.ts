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

/** timer-expiry also reads the TSC in each repetition. */
const MOST_MARKS_INSIDE = 1000;

/**
 * The printed blocks, in order, by the differences of the TSC.
 * @returns undefined for a block that was not recorded as a whole.
 */
export function findBlocks(
  marks: readonly Mark[],
  printed: readonly PrintedBlock[],
): (RecordedBlock | undefined)[] {
  let next = 0;
  return printed.map((block) => {
    for (let at = next; at < marks.length; at++) {
      const end = endOf(marks, at, block.with);
      if (end === undefined) continue;
      // The loop without the operation begins right after.
      const otherEnd = endOf(marks, end + 1, block.without);
      if (otherEnd === undefined) continue;
      next = otherEnd + 1;
      const isWhole = marks.slice(at + 1, otherEnd + 1).every((mark) => mark.isWhole);
      return isWhole
        ? { with: spanOf(marks, at, end), without: spanOf(marks, end + 1, otherEnd) }
        : undefined;
    }
    return undefined;
  });
}

/** The mark that is `ticks` after another one. */
function endOf(marks: readonly Mark[], start: number, ticks: number): number | undefined {
  const began = marks[start];
  if (began === undefined) return undefined;
  for (let at = start + 1; at < marks.length && at <= start + MOST_MARKS_INSIDE; at++) {
    const passed = (marks[at]?.tsc ?? NaN) - began.tsc;
    if (passed === ticks) return at;
    if (passed > ticks) return undefined;
  }
  return undefined;
}

function spanOf(marks: readonly Mark[], from: number, to: number): Span {
  return { from: marks[from]?.index ?? 0, to: marks[to]?.index ?? 0 };
}
