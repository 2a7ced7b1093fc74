/** What a run with WITHIN may still begin. */
import { inWords } from '../lib/duration.ts';
import type { StartPlan } from './start-plan.ts';

export interface TimeBudget {
  readonly withinSeconds: number;
  /** When it is used up, in milliseconds since 1970. */
  readonly endsAt: number;
  /** How long each benchmark in each cell takes at most. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Those that had no room from the start. */
  readonly leftOut: readonly string[];
}

export function timeBudget(
  { measured, leftOut }: StartPlan,
  withinSeconds: number,
  beganAt: number,
): TimeBudget {
  return {
    withinSeconds,
    endsAt: beganAt + withinSeconds * 1000,
    seconds: Object.fromEntries(
      measured.map(({ cell, benchmark, seconds }) => [placeOf(cell.name, benchmark), seconds]),
    ),
    leftOut: leftOut.map(({ cell, benchmark }) => placeOf(cell.name, benchmark)),
  };
}

/** Why a benchmark is not begun any more; undefined if it is. Builds or another run may have taken longer than planned. */
export function whyNoTime(
  budget: TimeBudget,
  cell: string,
  benchmark: string,
  now: number,
): string | undefined {
  const place = placeOf(cell, benchmark);
  const within = inWords(budget.withinSeconds);
  if (budget.leftOut.includes(place)) return `left out: it does not fit into ${within} (WITHIN)`;
  const left = (budget.endsAt - now) / 1000;
  const needed = budget.seconds[place] ?? 0;
  if (needed <= left) return undefined;
  return `left out: it takes up to ${inWords(needed)}, and of ${within} (WITHIN) ${left > 0 ? `only ${inWords(left)}` : 'nothing'} is left`;
}

function placeOf(cell: string, benchmark: string): string {
  return `${cell} ${benchmark}`;
}
