/**
 * What each mechanism of direct virtual hardware brings: the steps of the breakdown, each with the one before it
 * (fixtures/configurations/breakdown-steps.ts). Made only if a step was measured that no matrix has.
 */
import { BREAKDOWN, STEPS } from '../../fixtures/configurations/breakdown-steps.ts';
import { EXITS } from '../../fixtures/kvm-counters.ts';
import type { Level } from '../../fixtures/levels.ts';
import { applicationsOf } from '../model/applications.ts';
import { type Outcome, outcomeOf, type Results } from '../model/experiment-results.ts';
import { type ExitRates, exitRates } from './exits.ts';
import { type OverheadInterval, ratioOverBoots } from './overhead.ts';

/** How many times better a step is than another. */
export interface Gain {
  readonly times: number;
  /** null if one of the two has only one boot, which does not show how boots differ. */
  readonly interval: OverheadInterval | null;
}

export interface BreakdownStep {
  /** What it adds to the step before, in words. */
  readonly adds: string;
  readonly cell: string;
  /** null if it was not measured. */
  readonly mean: number | null;
  /** Against the step before; null for the first, and if one of the two was not measured. */
  readonly gain: Gain | null;
  /** Exits at L0 for one operation; null if its work is unknown. */
  readonly exits: number | null;
}

export interface BreakdownRow {
  readonly level: Level;
  readonly benchmark: string;
  readonly unit: string;
  /** The name of one operation; null if its work is unknown. */
  readonly operation: string | null;
  readonly steps: readonly BreakdownStep[];
  /** Of the last step against the first; null if one of the two was not measured. */
  readonly gain: Gain | null;
}

const LEVELS = [2, 3] as const;

/** One row for each benchmark at each level with a step of its own. */
export function breakdown(results: Results): BreakdownRow[] {
  const rates = exitRates(results);
  return LEVELS.filter((level) => isMeasured(results, level)).flatMap((level) =>
    applicationsOf(results).flatMap(({ name, unit }) => {
      const steps = stepsOf(results, level, name, rates);
      if (steps.every(({ mean }) => mean === null)) return [];
      const outcomes = steps.map(({ cell }) => outcomeOf(results, cell, name));
      const operation = rates.find(
        ({ cell, benchmark }) => cell.level === level && benchmark === name,
      )?.operation;
      return {
        level,
        benchmark: name,
        unit: unit ?? '',
        operation: operation ?? null,
        steps,
        gain: gainOf(outcomes[0], outcomes.at(-1)),
      };
    }),
  );
}

function isMeasured(results: Results, level: Level): boolean {
  return results.cells.some(
    (cell) =>
      cell.level === level &&
      BREAKDOWN.some(({ name }) => name === cell.configuration) &&
      [...cell.outcomes.values()].some(({ state }) => state === 'measured'),
  );
}

function stepsOf(
  results: Results,
  level: Level,
  benchmark: string,
  rates: readonly ExitRates[],
): BreakdownStep[] {
  let before: Outcome | undefined;
  return STEPS.map(({ configuration, adds }) => {
    const cell = `l${level}-${configuration}`;
    const outcome = outcomeOf(results, cell, benchmark);
    const mean = outcome.state === 'measured' ? outcome.interval.mean : null;
    const counters = rates.find((one) => one.cell.name === cell && one.benchmark === benchmark)?.counters;
    const exits = counters?.find(({ name }) => name === EXITS)?.perOperation ?? null;
    const step = { adds, cell, mean, gain: gainOf(before, outcome), exits };
    before = outcome;
    return step;
  });
}

/** Whether its interval includes 1, so that the step may bring nothing. */
export function isUnclear({ interval }: Gain): boolean {
  return interval !== null && interval.low <= 1 && interval.high >= 1;
}

function gainOf(before: Outcome | undefined, after: Outcome | undefined): Gain | null {
  if (before?.state !== 'measured' || after?.state !== 'measured') return null;
  const [above, below] =
    after.better === 'higher' ? [after.interval, before.interval] : [before.interval, after.interval];
  return { times: above.mean / below.mean, interval: ratioOverBoots(above, below) };
}
