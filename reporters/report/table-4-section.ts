/** Table 4: the absolute numbers, benchmarks down and cells across. */
import { STORAGE_WORDS } from '../../fixtures/storage.ts';
import { isPaperCell } from '../../fixtures/matrix.ts';
import { applicationsOf } from '../model/applications.ts';
import { table4Csv } from '../files/table-4-csv.ts';
import { reasonOf } from '../analysis/reason.ts';
import { formatValue } from '../model/numbers.ts';
import type { CellResults, Results } from '../model/experiment-results.ts';
import { dataTable, number, type TableColumn } from './data-table.ts';
import { link } from './figure.ts';
import { html, type Html } from './html.ts';

export function table4(results: Results): Html {
  const paper = results.cells.filter(({ name }) => isPaperCell(name));
  const benchmarks = applicationsOf(results).filter(({ name }) => paper.some((cell) => isRun(cell, name)));
  const cells = paper.filter((cell) => benchmarks.some(({ name }) => isRun(cell, name)));
  const columns: TableColumn<CellResults>[] = benchmarks.map(({ name, unit, better, loader, storage }) => ({
    heading: html`<span class="benchmark">${name}</span>${[
        unit,
        better && `${better} is better`,
        loader,
        storage && STORAGE_WORDS[storage],
      ]
        .filter((line) => line !== null)
        .map((line) => html`<br /><small>${line}</small>`)}`,
    cell: (cell) => entry(cell, name),
    isNumber: true,
  }));
  return html`<section aria-labelledby="table-4">
    <h2 id="table-4">Table 4. Best averages</h2>
    <p>
      The best of the runs’ averages of every benchmark in every cell of the paper, in the tool’s own
      unit.${results.cells.some(isPartly) ? ' * has fewer samples than planned; see the failures.' : ''}
    </p>
    ${
      cells.length === 0
        ? html`<p class="none">No application was run in a cell of the paper.</p>`
        : dataTable(
            'Best of the runs’ averages',
            cells,
            [{ heading: 'cell', cell: ({ name }) => name }, ...columns],
            'table-4',
          )
    }
    <p class="downloads">
      Download ${link('table-4.csv', 'text/csv', table4Csv(results), 'table 4 as CSV', 'CSV')}
    </p>
  </section>`;
}

/** A row or a column in which nothing was run is left out. */
function isRun({ outcomes }: CellResults, benchmark: string): boolean {
  return (outcomes.get(benchmark)?.state ?? 'missing') !== 'missing';
}

function entry({ outcomes }: CellResults, benchmark: string): Html {
  const outcome = outcomes.get(benchmark);
  if (outcome === undefined) return html``;
  if (outcome.state !== 'measured') {
    return html`<span class="none" title="${reasonOf(outcome)}"
      >${outcome.state === 'missing' ? 'not run' : outcome.state}</span
    >`;
  }
  const partly = outcome.failures.length > 0 ? html`<abbr title="${reasonOf(outcome)}">*</abbr>` : null;
  return html`${number(outcome.best.value, formatValue)}${partly}`;
}

function isPartly({ name, outcomes }: CellResults): boolean {
  const all = [...outcomes.values()];
  return (
    isPaperCell(name) && all.some((outcome) => outcome.state === 'measured' && outcome.failures.length > 0)
  );
}
