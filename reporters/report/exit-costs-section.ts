/** Exit multiplication: what one operation costs at each level, next to the paper's Table 3. */
import {
  type ExitCostColumn,
  exitCostColumns,
  exitCosts,
  type ExitCosts,
  exitCostsLegend,
} from '../analysis/exit-costs.ts';
import { exitCostsCsv } from '../files/exit-costs-csv.ts';
import type { Results } from '../model/experiment-results.ts';
import { dataTable, number, type TableColumn } from './data-table.ts';
import { link } from './figure.ts';
import { html, type Html } from './html.ts';

/** Empty if no microbenchmark was measured. */
export function exitCostsSection(results: Results): Html {
  const all = exitCosts(results);
  const heading = html`<h2 id="exit-costs">Exit multiplication</h2>`;
  if (all.length === 0) {
    return html`<section aria-labelledby="exit-costs">
      ${heading}
      <p class="none">
        No microbenchmark was measured. To measure them: <code>npx vitest run suites/micro</code>.
      </p>
    </section>`;
  }
  return html`<section aria-labelledby="exit-costs">
    ${heading}
    <p>The table shows ${exitCostsLegend(all).join('. ')}.</p>
    ${dataTable(
      'What one operation costs',
      all,
      [
        { heading: 'operation', cell: ({ benchmark }) => benchmark },
        { heading: 'unit', cell: ({ unit }) => unit },
        ...exitCostColumns(all).flatMap(columnsOf),
      ],
      'exit-costs',
    )}
    <p class="downloads">
      Download ${link('exit-costs.csv', 'text/csv', exitCostsCsv(results), 'exit costs as CSV', 'CSV')}
    </p>
  </section>`;
}

function inWhole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function inTimes(value: number): string {
  return `${value.toFixed(1)}x`;
}

/** The cost, and from L2 on its ratio to the level above. */
function columnsOf({ side, level, heading, costOf }: ExitCostColumn): TableColumn<ExitCosts>[] {
  const cost: TableColumn<ExitCosts> = {
    heading: side === 'paper' ? `paper, ${heading}` : heading,
    cell: (row) => number(costOf(row)?.cost, inWhole),
    isNumber: true,
  };
  const times: TableColumn<ExitCosts> = {
    heading: `L${level} / L${level - 1}`,
    cell: (row) => number(costOf(row)?.times, inTimes),
    isNumber: true,
  };
  return level > 1 ? [cost, times] : [cost];
}
