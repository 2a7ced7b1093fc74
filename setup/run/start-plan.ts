/** What a start will measure: what is missing of what was selected, and of that what fits into the given time. Pure. */
import { findBenchmark } from '../../fixtures/benchmarks/index.ts';
import { planRun } from '../../fixtures/benchmarks/plan-run.ts';
import { type Cell, findCell, isBaseline } from '../../fixtures/matrix.ts';
import type { Profile } from '../../fixtures/profiles.ts';
import type { JournalRecord } from '../../fixtures/records.ts';
import { requestsOf } from '../journal/requests.ts';
import { inWords } from '../lib/duration.ts';
import { InputError } from '../lib/errors.ts';
import type { SeenTimes } from './seen-times.ts';
import type { Request } from './selection.ts';
import type { Resume } from './settings.ts';
import { secondsOfBenchmark, secondsOfCell } from './time-needed.ts';
import { nextRun, workLeft } from './work-left.ts';

/** A benchmark in a cell. */
export interface PlannedBenchmark {
  readonly cell: Cell;
  readonly benchmark: string;
  /** How many runs are to be measured or completed, and how many iterations that takes at most. */
  readonly runs: number;
  readonly iterations: number;
  /** How many iterations all of its runs have together, at most. */
  readonly all: number;
  /** How many failed and are not tried again. */
  readonly failed: number;
  /** At most, without the boot of its cell. */
  readonly seconds: number;
  readonly usualSeconds: number;
  readonly isSeen: boolean;
}

export interface StartPlan {
  /** Everything that the whole experiment wants, if it is resumed: what is selected is a part of it. */
  readonly experiment: readonly PlannedBenchmark[];
  /** Everything that was selected; those without iterations are complete. */
  readonly benchmarks: readonly PlannedBenchmark[];
  /** What will be measured. */
  readonly measured: readonly PlannedBenchmark[];
  /** What does not fit into the given time. */
  readonly leftOut: readonly PlannedBenchmark[];
  /** How long all takes at most. */
  readonly seconds: number;
  /** How long all takes on an unloaded machine. */
  readonly usualSeconds: number;
}

export interface StartOptions {
  /** What was selected and can be measured. */
  readonly requests: readonly Request[];
  readonly profile: Profile;
  readonly resume: Resume | undefined;
  readonly withinSeconds: number | undefined;
  /** How many cells run side by side; 0 or 1 for one at a time. */
  readonly lanes?: number | undefined;
  /** The kind of the testbed. */
  readonly kind: string;
  /** The journal so far. */
  readonly records: readonly JournalRecord[];
  readonly times: SeenTimes;
}

/**
 * @throws {InputError} NESTBENCH_UNKNOWN_SETTING if nothing fits into the given time.
 */
export function planStart(options: StartOptions): StartPlan {
  const { requests, withinSeconds, lanes = 1, kind, times } = options;
  const benchmarks = planAll(requests, options);
  const open = benchmarks.filter(({ runs }) => runs > 0);
  const fit = fitting(
    open,
    withinSeconds ?? Number.POSITIVE_INFINITY,
    (cell) => secondsOfCell(cell, kind, times).seconds,
    Math.max(1, lanes),
  );
  if (withinSeconds !== undefined && open.length > 0 && fit.measured.size === 0) {
    const [first] = open.toSorted(mostWantedFirst);
    throw new InputError(
      'NESTBENCH_UNKNOWN_SETTING',
      `WITHIN is ${inWords(withinSeconds)}, in which nothing of what is missing can be measured: ${first?.benchmark} in ${first?.cell.name}, for example, takes up to ${inWords(fit.secondsOfFirst)} with its boot.`,
    );
  }
  const measured = open.filter((each) => fit.measured.has(each));
  const usualOf = (cell: Cell, its: readonly PlannedBenchmark[]): number =>
    secondsOfCell(cell, kind, times).usualSeconds +
    its.reduce((sum, { usualSeconds }) => sum + usualSeconds, 0);
  const usual = [...Map.groupBy(measured, ({ cell }) => cell)].map(([cell, its]) => usualOf(cell, its));
  return {
    experiment: options.resume === undefined ? benchmarks : planAll(withEarlier(options), options),
    benchmarks,
    measured,
    leftOut: open.filter((each) => !fit.measured.has(each)),
    seconds: fit.seconds,
    usualSeconds: secondsSideBySide(usual, Math.max(1, lanes)),
  };
}

/** The runs of a benchmark that a start wants, numbered from `first`. */
export function wantedRuns(
  records: readonly JournalRecord[],
  place: { readonly cell: string; readonly benchmark: string },
  { profile, resume }: Pick<StartOptions, 'profile' | 'resume'>,
): { readonly runs: number; readonly first: number } {
  if (resume === undefined) return { runs: profile.runs, first: nextRun(records, place) };
  const { runs, areAll } = requestsOf(records);
  return { runs: runs.get(place.cell)?.get(place.benchmark) ?? (areAll ? 0 : profile.runs), first: 1 };
}

function planAll(requests: readonly Request[], options: StartOptions): PlannedBenchmark[] {
  return requests.flatMap(({ cell, benchmarks }) =>
    benchmarks.flatMap((name) => planBenchmark(cell, name, options) ?? []),
  );
}

/** What earlier starts requested, and what this one selects. */
function withEarlier({ requests, records }: StartOptions): Request[] {
  const names = new Map([...requestsOf(records).runs].map(([cell, its]) => [cell, new Set(its.keys())]));
  for (const { cell, benchmarks } of requests) {
    names.set(cell.name, new Set([...(names.get(cell.name) ?? []), ...benchmarks]));
  }
  return [...names].flatMap(([name, benchmarks]) => {
    const cell = findCell(name);
    return cell === undefined ? [] : { cell, benchmarks: [...benchmarks] };
  });
}

function planBenchmark(cell: Cell, name: string, options: StartOptions): PlannedBenchmark | undefined {
  const { profile, resume, records, times } = options;
  const benchmark = findBenchmark(name);
  if (benchmark === undefined) return undefined;
  const place = { cell: cell.name, benchmark: name };
  const plan = planRun(benchmark, profile);
  const wanted = wantedRuns(records, place, { profile, resume });
  if (wanted.runs === 0) return undefined;
  const left = (retryFailed: boolean) => {
    const work = workLeft(records, { ...place, plan, ...wanted, retryFailed });
    const iterations = work.reduce((sum, { done }) => sum + Math.max(0, plan.rule.most - done.size), 0);
    return { runs: work.length, iterations };
  };
  const its = left(resume?.retryFailed ?? false);
  return {
    cell,
    benchmark: name,
    ...its,
    all: wanted.runs * plan.rule.most,
    failed: left(true).iterations - its.iterations,
    ...secondsOfBenchmark(cell, benchmark, plan, its, times),
  };
}

/**
 * The order in which benchmarks are fitted into the given time: the baseline of each level first, L0's before all, since
 * every overhead needs it; then the other cells, in the order of the matrix. In a cell, the order of its suite, which is
 * the artifact's.
 */
function mostWantedFirst(one: PlannedBenchmark, other: PlannedBenchmark): number {
  return Number(isBaseline(other.cell)) - Number(isBaseline(one.cell));
}

/** Takes each that still fits, with the boot of its cell. */
function fitting(
  open: readonly PlannedBenchmark[],
  limit: number,
  secondsOfBoot: (cell: Cell) => number,
  lanes: number,
): { measured: Set<PlannedBenchmark>; seconds: number; secondsOfFirst: number } {
  const measured = new Set<PlannedBenchmark>();
  // In the order in which they run.
  let cells: ReadonlyMap<string, number> = new Map(open.map(({ cell }) => [cell.name, 0]));
  let seconds = 0;
  let secondsOfFirst = 0;
  for (const each of open.toSorted(mostWantedFirst)) {
    const { name } = each.cell;
    const before = cells.get(name) ?? 0;
    const more = (before === 0 ? secondsOfBoot(each.cell) : 0) + each.seconds;
    if (secondsOfFirst === 0) secondsOfFirst = more;
    const withIt = new Map(cells).set(name, before + more);
    const needed = secondsSideBySide([...withIt.values()], lanes);
    if (needed > limit) continue;
    cells = withIt;
    seconds = needed;
    measured.add(each);
  }
  return { measured, seconds, secondsOfFirst };
}

/** How long cells take, each of which begins, in this order, in the lane that is free first. */
export function secondsSideBySide(cells: readonly number[], lanes: number): number {
  const ends = Array.from({ length: lanes }, () => 0);
  for (const seconds of cells) {
    const free = ends.indexOf(Math.min(...ends));
    ends[free] = (ends[free] ?? 0) + seconds;
  }
  return Math.max(...ends);
}
