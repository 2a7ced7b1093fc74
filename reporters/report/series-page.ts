/** What operations cost with each kernel of a series, as one page. */
import type { SeriesFile } from '../../fixtures/kernel-steps.ts';
import { inPercent } from '../analysis/kernel-changes.ts';
import { seriesRows, type SeriesRow } from '../analysis/series-rows.ts';
import { stepsCsv } from '../files/steps-csv.ts';
import { formatCost } from '../model/numbers.ts';
import { costsDrawing, type CostsFigure } from './costs-figure.ts';
import { dataTable, number, type TableColumn } from './data-table.ts';
import { figure, WIDTHS } from './figure.ts';
import { html, type Html } from './html.ts';
import { stepsPage } from './steps-page.ts';

export function seriesPage(content: SeriesFile): string {
  const { revisions, cells } = content.plan;
  const rows = seriesRows(content);
  return stepsPage(content, {
    title: `What operations cost, ${revisions[0]?.name} to ${revisions.at(-1)?.name}`,
    about: html`<p>Kernels of one repository, measured by nestbench in virtual time.</p>`,
    findings: html`<section aria-labelledby="costs">
      <h2 id="costs">Costs</h2>
      ${costsTable('Instructions of one operation with each kernel', rows, content)}
      ${cells.map((cell) => costsIn(cell, rows, content))}
    </section>`,
    named: revisions.map(({ name, commit }) => [name, commit]),
  });
}

function costsTable(caption: string, rows: readonly SeriesRow[], { plan }: SeriesFile): Html {
  const columns: TableColumn<SeriesRow>[] = [
    { heading: 'cell', cell: ({ cell }) => cell },
    { heading: 'operation', cell: ({ benchmark }) => benchmark },
    ...plan.revisions.map(({ name }, index) => ({
      heading: name,
      cell: ({ costs }: SeriesRow) => number(costs[index], formatCost),
      isNumber: true,
    })),
    { heading: 'change', cell: ({ change }) => number(change, inPercent), isNumber: true },
  ];
  return dataTable(caption, rows, columns);
}

/** The changes against the first kernel that was measured there. */
function costsIn(cell: string, all: readonly SeriesRow[], content: SeriesFile): Html {
  const { plan, steps } = content;
  const rows = all.filter((row) => row.cell === cell);
  const inCell = steps.filter((step) => step.cell === cell);
  const base = plan.revisions.find((_, index) => rows.some(({ costs }) => typeof costs[index] === 'number'));
  if (base === undefined) return html``;
  const shown: CostsFigure = {
    points: rows.flatMap(({ benchmark, costs }) => {
      const first = costs.find((cost) => cost !== null);
      return costs.flatMap((cost, position) => {
        const name = plan.revisions[position]?.name;
        if (cost === null || first === undefined) return [];
        const title = `${name} ${benchmark}: ${formatCost(cost)} instructions`;
        return [{ line: benchmark, position, change: 100 * (cost / first - 1), title }];
      });
    }),
    skipped: inCell.filter(({ state }) => state === 'skipped').map(({ position }) => position),
    names: plan.revisions.map(({ name }) => name),
  };
  return figure({
    name: `costs-${cell}`,
    title: `Costs in ${cell} against ${base.name}`,
    description: `The change of each operation’s cost with each of ${plan.revisions.length} kernels.`,
    caption: html`<p>Each dot is an operation’s cost with a kernel, as its change against ${base.name}.</p>`,
    shown: { draw: (breadth) => costsDrawing(shown, WIDTHS[breadth]) },
    table: costsTable(`Instructions of one operation in ${cell}`, rows, content),
    csv: stepsCsv(inCell),
  });
}
