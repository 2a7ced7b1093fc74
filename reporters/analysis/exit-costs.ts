/**
 * Exit multiplication, the paper's Table 3: the cost of one operation at each level, and its ratio to the level above.
 * The published cycles are shown next to it; only their ratios compare.
 */
import { MICROBENCHMARK_NAMES, type MicrobenchmarkName } from '../../fixtures/benchmarks/micro.ts';
import { type Level, LEVELS } from '../../fixtures/matrix.ts';
import { PAPER_CYCLES } from '../../fixtures/paper-exit-costs.ts';
import { type CellResults, outcomeOf, type Results } from '../model/experiment-results.ts';

/** The cost of an operation at one level. */
export interface ExitCost {
  readonly level: Level;
  readonly cost: number;
  /** Ratio to the level above; null at L1, and if unknown. */
  readonly times: number | null;
}

export interface ExitCosts {
  readonly configuration: string;
  readonly benchmark: MicrobenchmarkName;
  /** `instructions` of virtual time, or `cycles`. */
  readonly unit: string;
  /** By level; only those that were measured. */
  readonly measured: readonly ExitCost[];
  /** Empty if the paper has none. */
  readonly paper: readonly ExitCost[];
}

/** For every configuration in which a microbenchmark was measured. */
export function exitCosts(results: Results): ExitCosts[] {
  return [...Map.groupBy(results.cells, ({ configuration }) => configuration)].flatMap(
    ([configuration, cells]) =>
      MICROBENCHMARK_NAMES.flatMap((benchmark): ExitCosts[] => {
        const measured = cells.flatMap((cell) => costIn(results, cell, benchmark));
        const [first] = measured;
        if (first === undefined) return [];
        const paper = benchmark === 'cpuid' ? undefined : PAPER_CYCLES[benchmark];
        const published = LEVELS.flatMap((level) =>
          level === 0 || paper === undefined ? [] : [{ level, cost: paper[level] }],
        );
        return [
          {
            configuration,
            benchmark,
            unit: first.unit,
            measured: withTimes(measured),
            paper: withTimes(published),
          },
        ];
      }),
  );
}

function costIn(
  results: Results,
  { name, level }: CellResults,
  benchmark: string,
): { level: Level; cost: number; unit: string }[] {
  const outcome = outcomeOf(results, name, benchmark);
  if (level === null || outcome.state !== 'measured') return [];
  return [{ level, cost: outcome.statistics.mean, unit: outcome.unit }];
}

function withTimes(costs: readonly { level: Level; cost: number }[]): ExitCost[] {
  return costs.map(({ level, cost }) => {
    const above = costs.find((other) => other.level === level - 1);
    return { level, cost, times: above === undefined ? null : cost / above.cost };
  });
}

/** How to read the table. */
export const EXIT_COSTS_LEGEND =
  "what one operation costs, and its ratio to the level above; on the right the paper's cycles (its hardware, from a secondary source): only the ratios compare";
