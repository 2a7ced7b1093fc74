/**
 * Finds the commits at which costs change, between two commits whose costs differ. A range is halved at the commit that
 * git proposes; each half whose ends differ is halved further, so a change in several steps is found step by step. What
 * can't be measured is skipped as by `git bisect skip`. It keeps nothing: answers that are known come at once, so a stopped
 * search is continued by repeating it.
 */

export interface Commits {
  /** The commit that halves those reachable from `newer` and not from `olds`, and how many there are. */
  middle(
    olds: readonly string[],
    newer: string,
  ): Promise<{ readonly commit: string; readonly count: number }>;
  /** All of them, the best to halve at first. */
  ranked(olds: readonly string[], newer: string): Promise<string[]>;
}

export interface Search<C> {
  readonly commits: Commits;
  /** Undefined if the commit can't be measured. `left` is about how many more have to be, with this one. */
  readonly costsOf: (commit: string, left: number) => Promise<C | undefined>;
  /** How much two costs differ, in thresholds: more than 1 counts. */
  readonly difference: (before: C, after: C) => number;
}

/** A place where costs change. */
export interface Change {
  /** The commit; several where those before it could not be measured, this one first. */
  readonly commits: readonly string[];
  /** The measured commits on both sides. */
  readonly before: string;
  readonly after: string;
  /** It is below the threshold, and the largest part of a change that is above. */
  readonly isSmall: boolean;
}

interface End<C> {
  readonly commit: string;
  readonly costs: C;
}

interface Range<C> {
  /** Commits before the change; nothing that they contain is looked at. */
  readonly olds: readonly string[];
  readonly before: End<C>;
  readonly after: End<C>;
}

/** @returns the changes, the oldest first. */
export async function findSteps<C>(before: End<C>, after: End<C>, search: Search<C>): Promise<Change[]> {
  const found: Change[] = [];
  const open: Range<C>[] = [{ olds: [before.commit], before, after }];
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    const halves = await halve(range, search, open.length);
    if (halves.state === 'found') found.push(halves.change);
    // The older half is taken up next.
    else open.push(...halves.ranges.toReversed());
  }
  return found;
}

type Halves<C> =
  | { readonly state: 'found'; readonly change: Change }
  | { readonly state: 'halved'; readonly ranges: readonly Range<C>[] };

/** @param others how many ranges wait. */
async function halve<C>(
  { olds, before, after }: Range<C>,
  { commits, costsOf, difference }: Search<C>,
  others: number,
): Promise<Halves<C>> {
  const { commit: best, count } = await commits.middle(olds, after.commit);
  const skipped: string[] = [];
  let middle: End<C> | undefined;
  let ranked: readonly string[] = count > 1 ? [best] : [];
  for (let next = ranked[0]; next !== undefined && middle === undefined;) {
    const costs = await costsOf(next, others + Math.ceil(Math.log2(count)));
    if (costs !== undefined) {
      middle = { commit: next, costs };
      break;
    }
    skipped.push(next);
    if (skipped.length === 1) ranked = await commits.ranked(olds, after.commit);
    const left = ranked.filter((one) => one !== after.commit && !skipped.includes(one));
    next = left[awayFromSkipped(left.length, skipped.length)];
  }
  if (middle === undefined) {
    const isSmall = difference(before.costs, after.costs) <= 1;
    const change = {
      commits: [after.commit, ...skipped],
      before: before.commit,
      after: after.commit,
      isSmall,
    };
    return { state: 'found', change };
  }
  const halves: Range<C>[] = [
    { olds, before, after: middle },
    { olds: [...olds, middle.commit], before: middle, after },
  ];
  const size = (half: Range<C>): number => difference(half.before.costs, half.after.costs);
  const changed = halves.filter((half) => size(half) > 1);
  if (changed.length > 0) return { state: 'halved', ranges: changed };
  // The change is in several small steps: follow the largest part.
  return { state: 'halved', ranges: halves.toSorted((one, other) => size(other) - size(one)).slice(0, 1) };
}

/**
 * Where to look among the ranked commits after so many were skipped. The best ones are neighbours of a skipped one, and
 * likely to fail like it. As git does (bisect.c, skip_away): anywhere, but rather near the best.
 */
function awayFromSkipped(length: number, skipped: number): number {
  const anywhere = (skipped * GOLDEN) % 1;
  return Math.floor(length * anywhere ** 1.5);
}

/** Its multiples spread evenly over the fractions (Knuth, The Art of Computer Programming, volume 3, 6.4). */
const GOLDEN = 0.618_033_988_749_895;
