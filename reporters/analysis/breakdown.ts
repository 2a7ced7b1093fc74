/**
 * What each mechanism of direct virtual hardware brings: the steps of the breakdown, each with the one before it
 * (fixtures/configurations/breakdown-steps.ts). Made only if a step was measured that no matrix has.
 */
import { BREAKDOWN, STEPS } from '../../fixtures/configurations/breakdown-steps.ts';
import { EXITS } from '../../fixtures/kvm-counters.ts';
import { type Level, levelName } from '../../fixtures/levels.ts';
import { applicationsOf } from '../model/applications.ts';
import type { Better } from '../model/benchmark-row.ts';
import { outcomeOf, type Results } from '../model/experiment-results.ts';
import { type ExitRates, exitRates } from './exits.ts';

export interface BreakdownStep {
  /** What it adds to the step before, in words. */
  readonly adds: string;
  readonly cell: string;
  /** null if it was not measured. */
  readonly mean: number | null;
  /** How many times better than the step before; null for the first, and if that was not measured. */
  readonly gain: number | null;
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
  /** How many times better the last step is than the first. */
  readonly gain: number | null;
}

const LEVELS = [2, 3] as const;

/** One row for each benchmark at each level with a step of its own. */
export function breakdown(results: Results): BreakdownRow[] {
  const rates = exitRates(results);
  return LEVELS.filter((level) => isMeasured(results, level)).flatMap((level) =>
    applicationsOf(results).flatMap(({ name, unit, better }) => {
      if (better === null) return [];
      const steps = stepsOf(results, level, name, better, rates);
      if (steps.every(({ mean }) => mean === null)) return [];
      const [first, last] = [steps[0]?.mean ?? null, steps.at(-1)?.mean ?? null];
      const operation = rates.find(
        ({ cell, benchmark }) => cell.level === level && benchmark === name,
      )?.operation;
      return {
        level,
        benchmark: name,
        unit: unit ?? '',
        operation: operation ?? null,
        steps,
        gain: gainOf(first, last, better),
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
  better: Better,
  rates: readonly ExitRates[],
): BreakdownStep[] {
  let before: number | null = null;
  return STEPS.map(({ configuration, adds }) => {
    const cell = `${levelName(level).toLowerCase()}-${configuration}`;
    const outcome = outcomeOf(results, cell, benchmark);
    const mean = outcome.state === 'measured' ? outcome.interval.mean : null;
    const counters = rates.find((one) => one.cell.name === cell && one.benchmark === benchmark)?.counters;
    const exits = counters?.find(({ name }) => name === EXITS)?.perOperation ?? null;
    const step = { adds, cell, mean, gain: gainOf(before, mean, better), exits };
    before = mean;
    return step;
  });
}

function gainOf(before: number | null, after: number | null, better: Better): number | null {
  if (before === null || after === null) return null;
  return better === 'higher' ? after / before : before / after;
}
