/**
 * Exit multiplication, the paper's Table 3: what one operation costs at each level, and how many times the level above it.
 * The published cycles stand beside it, of which the ratios are what compares.
 */
import { MICROBENCHMARK_NAMES, type MicrobenchmarkName } from '../fixtures/benchmarks/micro.ts';
import { type Level, LEVELS } from '../fixtures/matrix.ts';
import { PAPER_CYCLES } from '../fixtures/paper-exit-costs.ts';
import { type Column, type Paint, tableBlocks, wordColumn } from './columns.ts';
import { type CellResults, outcomeOf, type Results } from './results.ts';

/** What an operation costs at a level. */
export interface ExitCost {
  readonly level: Level;
  readonly cost: number;
  /** Against the level above; null at L1, and where that is not known. */
  readonly times: number | null;
}

export interface ExitCosts {
  readonly configuration: string;
  readonly benchmark: MicrobenchmarkName;
  /** `instructions` of virtual time, or `cycles`. */
  readonly unit: string;
  /** By level; only those that were measured. */
  readonly measured: readonly ExitCost[];
  /** Empty where the paper has none. */
  readonly paper: readonly ExitCost[];
}

/** Of every configuration in which a microbenchmark was measured. */
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
  "what one operation costs, and how many times the level above; on the right the paper's cycles (its hardware, from a secondary source): only the ratios compare";

/** Blocks of lines: operations down, levels across. None where no microbenchmark was measured. */
export function exitCostTable(all: readonly ExitCosts[], columns: number, paint: Paint): string[][] {
  if (all.length === 0) return [];
  const several = new Set(all.map(({ configuration }) => configuration)).size > 1;
  const labels = [
    wordColumn(
      'one operation',
      all.map(({ configuration, benchmark }) => ({
        text: several ? `${benchmark}, ${configuration}` : benchmark,
        role: 'heading',
      })),
      'left',
    ),
    wordColumn(
      '',
      all.map(({ unit }) => ({ text: unit, role: 'aside' })),
      'left',
    ),
  ];
  const shown = (['measured', 'paper'] as const).flatMap((side) =>
    LEVELS.filter((level) => all.some((row) => costAt(row[side], level) !== undefined)).map((level) =>
      levelColumn(side === 'paper' ? `paper L${level}` : `L${level}`, all, (row) => costAt(row[side], level)),
    ),
  );
  return tableBlocks(labels, shown, columns, paint);
}

function costAt(costs: readonly ExitCost[], level: Level): ExitCost | undefined {
  return costs.find((cost) => cost.level === level);
}

function levelColumn(
  heading: string,
  rows: readonly ExitCosts[],
  costOf: (row: ExitCosts) => ExitCost | undefined,
): Column {
  const costs = rows.map(costOf);
  const times = costs.map((cost) => (cost?.times ? `${cost.times.toFixed(1)}x` : ''));
  const width = Math.max(0, ...times.map(({ length }) => length));
  return wordColumn(
    heading,
    costs.map((cost, row) => {
      const text = cost === undefined ? '' : Math.round(cost.cost).toLocaleString('en-US');
      return { text: width === 0 ? text : `${text} ${(times[row] ?? '').padStart(width)}`, role: 'value' };
    }),
    'right',
  );
}
