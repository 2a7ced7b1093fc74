/**
 * Exit multiplication, the paper's Table 3: the cost of one operation at each level, and its ratio to the level above.
 * The published cycles are shown next to it; only their ratios compare.
 */
import { MICROBENCHMARK_NAMES, type MicrobenchmarkName } from '../../fixtures/benchmarks/micro.ts';
import { CONFIGURATIONS } from '../../fixtures/configurations/index.ts';
import { configurationOf, findCell, type Level, LEVELS } from '../../fixtures/matrix.ts';
import { PAPER_CYCLES } from '../../fixtures/paper-exit-costs.ts';
import { type CellResults, outcomeOf, type Results } from '../model/experiment-results.ts';

/** L1 of every other configuration, and what they are compared with. */
const [{ name: BASELINE }] = CONFIGURATIONS;

interface Place {
  readonly configuration: string;
  readonly level: Level;
}

/** The cost of an operation in one cell. */
export interface ExitCost extends Place {
  readonly cost: number;
  /** Ratio to the level above in the same configuration; of L2, to L1. Null at L1, and if unknown. */
  readonly times: number | null;
}

export interface ExitCosts {
  readonly benchmark: MicrobenchmarkName;
  /** `instructions` of virtual time, or `cycles`. */
  readonly unit: string;
  /** Only what was measured. */
  readonly measured: readonly ExitCost[];
  /** In the configurations that were measured. Empty if the paper has none. */
  readonly paper: readonly ExitCost[];
}

/** A column of the table. */
export interface ExitCostColumn extends Place {
  /** `L2`, or `L2 dvh` for other configurations than the baseline. */
  readonly heading: string;
  readonly side: 'measured' | 'paper';
  readonly costOf: (row: ExitCosts) => ExitCost | undefined;
}

/** Of every microbenchmark that was measured. */
export function exitCosts(results: Results): ExitCosts[] {
  return MICROBENCHMARK_NAMES.flatMap((benchmark): ExitCosts[] => {
    const measured = results.cells.flatMap((cell) => costIn(results, cell, benchmark));
    const [first] = measured;
    if (first === undefined) return [];
    const configurations = new Set(measured.map(({ configuration }) => configuration)).add(BASELINE);
    const paper = publishedFor(benchmark).filter(({ configuration }) => configurations.has(configuration));
    return [{ benchmark, unit: first.unit, measured: withTimes(measured), paper: withTimes(paper) }];
  });
}

function costIn(
  results: Results,
  { name, level, configuration }: CellResults,
  benchmark: string,
): (Place & { cost: number; unit: string })[] {
  const outcome = outcomeOf(results, name, benchmark);
  if (level === null || outcome.state !== 'measured') return [];
  return [{ configuration, level, cost: outcome.statistics.mean, unit: outcome.unit }];
}

function publishedFor(benchmark: MicrobenchmarkName): (Place & { cost: number })[] {
  return Object.entries(PAPER_CYCLES[benchmark] ?? {}).flatMap(([configuration, costs]) =>
    LEVELS.flatMap((level) => {
      const cost = costs[level];
      return cost === undefined ? [] : [{ configuration, level, cost }];
    }),
  );
}

function withTimes(costs: readonly (Place & { cost: number })[]): ExitCost[] {
  return costs.map(({ configuration, level, cost }) => {
    const isComparable = (its: string): boolean => its === configuration || (level === 2 && its === BASELINE);
    // In another configuration, L2 is compared with L1 of the baseline; L3 without its own L2 with nothing.
    const other = costs.find((it) => it.level === level - 1 && isComparable(it.configuration));
    return { configuration, level, cost, times: other === undefined ? null : cost / other.cost };
  });
}

/** The table's columns: what was measured and then the paper's, by level, and each level's in the matrix's order. */
export function exitCostColumns(all: readonly ExitCosts[]): ExitCostColumn[] {
  return (['measured', 'paper'] as const).flatMap((side) =>
    LEVELS.flatMap((level) => {
      const there = all.flatMap((row) => row[side]).filter((cost) => cost.level === level);
      const configurations = [...new Set(there.map(({ configuration }) => configuration))];
      return configurations.map((configuration) => columnOf(side, { configuration, level }));
    }),
  );
}

function columnOf(side: ExitCostColumn['side'], { configuration, level }: Place): ExitCostColumn {
  return {
    side,
    configuration,
    level,
    heading: configuration === BASELINE ? `L${level}` : `L${level} ${configuration}`,
    costOf: (row) => row[side].find((cost) => cost.level === level && cost.configuration === configuration),
  };
}

const LEGEND =
  "what one operation costs, and its ratio to the level above; the paper's columns are cycles of its hardware, from a secondary source: only the ratios compare";

/** Of an emulated AMD server. */
const DVH_LEGEND =
  "dvh: the ratio is to the level above with DVH, or to L1. KVM for AMD has no fast path for the timer of L1, so L2's ratio is below 1.0 where the paper's is above: compare L3's. device-notify is of a device of the level's own hypervisor, in the paper of one of L0. The two CPUs of send-ipi and halt-wake share one of the level above, which has to wake them (docs/microbenchmarks.md)";

/** How to read the table of these costs. */
export function exitCostsLegend(all: readonly ExitCosts[]): string[] {
  if (all.length === 0) return [];
  return all.some(({ measured }) => measured.some(usesDvh)) ? [LEGEND, DVH_LEGEND] : [LEGEND];
}

function usesDvh({ configuration, level }: Place): boolean {
  const cell = findCell(`l${level}-${configuration}`);
  return cell !== undefined && configurationOf(cell).mechanisms !== undefined;
}
