/**
 * `exit-costs.csv`: the cost of one operation at each level, one per row, with the paper's numbers next to the measured
 * ones.
 */
import { type ExitCost, type ExitCosts, exitCosts } from '../analysis/exit-costs.ts';
import type { Results } from '../model/experiment-results.ts';
import { type Columns, csv } from './csv.ts';
import { textFile } from './exporter.ts';

interface Row extends ExitCost, Pick<ExitCosts, 'benchmark'> {
  readonly source: string;
  readonly unit: string;
}

const COLUMNS: Columns<Row> = {
  source: ({ source }) => source,
  configuration: ({ configuration }) => configuration,
  benchmark: ({ benchmark }) => benchmark,
  level: ({ level }) => level,
  cost: ({ cost }) => cost,
  unit: ({ unit }) => unit,
  'times the level above': ({ times }) => times,
};

/** Written only when a microbenchmark was measured. */
export const exitCostsFile = textFile('exit-costs.csv', (results) =>
  exitCosts(results).length === 0 ? null : exitCostsCsv(results),
);

export function exitCostsCsv(results: Results): string {
  const rows = exitCosts(results).flatMap((costs) =>
    costs.measured
      .map((cost): Row => ({ ...cost, benchmark: costs.benchmark, source: 'measured', unit: costs.unit }))
      .concat(
        costs.paper.map((cost) => ({ ...cost, benchmark: costs.benchmark, source: 'paper', unit: 'cycles' })),
      ),
  );
  return csv(rows, COLUMNS);
}
