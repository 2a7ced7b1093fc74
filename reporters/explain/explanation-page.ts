/** The page of an explanation, or of two that are compared: flame graphs and tables, without scripts and network. */
import { levelName } from '../../fixtures/levels.ts';
import { dataTable, number, type TableColumn } from '../report/data-table.ts';
import { figure, WIDTHS } from '../report/figure.ts';
import { html, type Html } from '../report/html.ts';
import { pageHead } from '../report/page-head.ts';
import { formatCount } from './counts.ts';
import type { Explanation } from './explanation.ts';
import { boxesOf, flameGraph } from './flame-graph.ts';
import { endInWords } from './sequence.ts';
import {
  byCause,
  byFunction,
  bySourceFunction,
  changeOf,
  comparedNames,
  type Difference,
  differences,
  type Sum,
} from './sums.ts';

/** @param base what the other is compared with. */
export function explanationPage(explained: Explanation, base?: Explanation): string {
  const name = `${explained.operation} at ${explained.cell}`;
  const title = base === undefined ? name : comparedNames(base, explained);
  const whole = Math.max(explained.total, base?.total ?? 0);
  const page = html`<!doctype html>
    <html lang="en">
      ${pageHead(title)}
      <body>
        <header>
          <h1>Where the instructions go: ${title}</h1>
        </header>
        <main id="main">
          ${base === undefined ? null : differenceSection(base, explained)} ${section(explained, whole)}
          ${base === undefined ? null : section(base, whole)}
        </main>
        <footer>
          <p>
            To generate it again:
            <code>npm run explain -- --cell ${explained.cell} --operation ${explained.operation}</code>.
          </p>
        </footer>
      </body>
    </html> `;
  return page.markup;
}

function section(explained: Explanation, whole: number): Html {
  const { cell, operation, total, reported, operations, crossings, sequence, madeOf, madeAt } = explained;
  const name = `${operation} at ${cell}`;
  const id = `${cell}-${operation}`;
  const boxes = boxesOf(explained);
  const sums = byFunction(explained);
  return html`<section aria-labelledby="${id}-title">
    <h2 id="${id}-title">${name}</h2>
    ${figure({
      name: id,
      title: `Flame graph of ${name}: ${formatCount(total)} instructions`,
      description: `A box for each function, as wide as its instructions, in boxes for the level and the exit that it handles. ${sumsInWords(byCause(explained))}`,
      caption: html`<p>
        The average of ${operations} operations; the microbenchmark reports ${formatCount(reported)}
        instructions. Below a level is what it works on, then functions, and below each what it called. Point
        at a box for its name and number.
      </p>`,
      shown: { draw: (breadth) => flameGraph(boxes, WIDTHS[breadth], whole) },
      table: sumTable(`Instructions of ${name} by function`, 'function', sums),
      csv: csvOf(explained),
    })}
    ${sumTable(`${name}, by what each level works on`, 'works on', byCause(explained))}
    ${dataTable(`How often the levels change in one ${name}`, crossings, [
      { heading: 'why', cell: ({ reason }) => reason },
      { heading: 'from', cell: ({ from }) => levelName(from) },
      { heading: 'to', cell: ({ to }) => levelName(to) },
      { heading: 'times', cell: ({ count }) => number(count, formatCount), isNumber: true },
    ])}
    <details>
      <summary>One ${name}, step by step</summary>
      ${dataTable(`One ${name}, from its instruction to the next`, sequence, [
        { heading: 'level', cell: ({ level }) => levelName(level) },
        {
          heading: 'instructions',
          cell: ({ instructions }) => number(instructions, formatCount),
          isNumber: true,
        },
        { heading: 'then', cell: endInWords },
        {
          heading: 'most in',
          cell: ({ functions }) =>
            functions.map((one) => `${one.name} ${formatCount(one.instructions)}`).join(', '),
        },
      ])}
    </details>
    <dl class="facts">
      ${Object.entries({ ...madeOf, 'made at': madeAt }).map(
        ([key, value]) =>
          html`<div>
            <dt>${key}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

function sumTable(caption: string, name: string, sums: readonly Sum[]): Html {
  return dataTable(caption, sums, [
    { heading: name, cell: (sum) => sum.name },
    { heading: 'level', cell: ({ level }) => levelName(level) },
    {
      heading: 'instructions',
      cell: ({ instructions }) => number(instructions, formatCount),
      isNumber: true,
    },
  ]);
}

function differenceSection(base: Explanation, head: Explanation): Html {
  const columns = (name: string): TableColumn<Difference>[] => [
    { heading: name, cell: (one) => one.name },
    { heading: 'level', cell: ({ level }) => levelName(level) },
    { heading: base.cell, cell: (one) => number(one.base, formatCount), isNumber: true },
    { heading: head.cell, cell: (one) => number(one.head, formatCount), isNumber: true },
    { heading: 'change', cell: (one) => number(changeOf(one), formatCount), isNumber: true },
  ];
  const change = head.total - base.total;
  return html`<section aria-labelledby="difference">
    <h2 id="difference">
      The difference: ${formatCount(change)} instructions, ${((100 * change) / base.total).toFixed(1)} %
    </h2>
    ${dataTable('By what each level works on', differences(byCause(base), byCause(head)), columns('works on'))}
    <details>
      <summary>The difference by function</summary>
      ${dataTable('By function', differences(bySourceFunction(base), bySourceFunction(head)), columns('function'))}
    </details>
  </section>`;
}

function sumsInWords(sums: readonly Sum[]): string {
  const shown = sums
    .slice(0, 3)
    .map((sum) => `${levelName(sum.level)} for ${sum.name} ${formatCount(sum.instructions)}`);
  return `Most: ${shown.join('; ')}.`;
}

/** In the format of flame graph programs, with the level as the first frame: `L0;VMRUN of L1;vcpu_run 12.5`. */
function csvOf({ paths }: Explanation): string {
  const lines = paths.map(({ level, cause, functions, instructions }) =>
    [levelName(level), cause, functions.join(';'), String(instructions)].join(','),
  );
  return ['level,works on,functions,instructions', ...lines, ''].join('\n');
}
