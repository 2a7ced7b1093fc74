/** What a bisection found and everything that it measured, as one page. */
import type { BisectFile, CommitFacts, FoundStep } from '../../fixtures/kernel-steps.ts';
import {
  changesBetween,
  type CostChange,
  inPercent,
  isMergesOwn,
  measuredIn,
  repeatCommand,
} from '../analysis/kernel-changes.ts';
import { stepsCsv } from '../files/steps-csv.ts';
import { costsDrawing, type CostsFigure } from './costs-figure.ts';
import { dataTable, number } from './data-table.ts';
import { formatCost, formatPercent } from '../model/numbers.ts';
import { figure, WIDTHS } from './figure.ts';
import { type Content, html, type Html } from './html.ts';
import { stepsPage, stepsTable, term } from './steps-page.ts';

export function bisectPage(content: BisectFile): string {
  const { plan, found } = content;
  const { good, bad, benchmarks, cell } = plan;
  return stepsPage(content, {
    title: `${benchmarks.join(', ')} in ${cell}, ${good.name} to ${bad.name}`,
    about: html`<p>Which commits changed what an operation costs, found by nestbench in virtual time.</p>
      ${
        found === undefined
          ? html`<p class="banner" role="note">
              <strong>Not finished.</strong> Continue with <code>npm run bisect -- --continue</code>.
            </p>`
          : ''
      }`,
    findings: foundSection(content),
    figure: costs(content),
    named: [
      ['good', `${good.name} (${good.commit})`],
      ['bad', `${bad.name} (${bad.commit})`],
    ],
  });
}

function foundSection(content: BisectFile): Html {
  const { found = [], plan } = content;
  return html`<section aria-labelledby="found">
    <h2 id="found">What changed it</h2>
    ${found.length === 0 ? html`<p class="none">Nothing was found yet.</p>` : ''}
    ${found.map(
      (one, index) =>
        html`<h3 id="found-${index + 1}">${headingOf(one)}</h3>
          ${one.commits.map(commitFacts)} ${remarks(one, content)}
          ${dataTable(
            `Instructions for one operation before and after change ${index + 1}, at each level`,
            changesBetween(content.steps, one.before, one.after),
            CHANGE_COLUMNS,
          )}
          <p>To measure both sides again:</p>
          <pre>${repeatCommand(one, content)}</pre> `,
    )}
    <p>A change counts from ${formatPercent(plan.threshold)} in ${plan.cell}, in either direction.</p>
  </section>`;
}

function headingOf({ commits }: FoundStep): Content {
  const [last] = commits;
  return commits.length === 1
    ? last?.subject
    : `One of ${commits.length} commits, of which only the last could be measured`;
}

function commitFacts({ commit, author, date, subject, files }: CommitFacts): Html {
  return html`<dl class="facts">
    ${term('commit', html`<code>${commit}</code>`)} ${term('subject', subject)}
    ${term('author', `${author}, ${date}`)}
    ${term('files of KVM', files.length === 0 ? 'none' : files.map((file) => html`<code>${file}</code> `))}
  </dl>`;
}

function remarks(found: FoundStep, content: BisectFile): Html {
  const sentences = [
    ...(found.isSmall ? ['It is the largest part of a change that came in steps below the threshold.'] : []),
    ...(isMergesOwn(found, content)
      ? ['Its first parent costs the same: the change came from before the good commit, by a merge.']
      : []),
  ];
  return html`${sentences.map((sentence) => html`<p>${sentence}</p>`)}`;
}

const CHANGE_COLUMNS = [
  { heading: 'cell', cell: ({ cell }: CostChange) => cell },
  { heading: 'operation', cell: ({ benchmark }: CostChange) => benchmark },
  { heading: 'before', cell: ({ before }: CostChange) => number(before, formatCost), isNumber: true },
  { heading: 'after', cell: ({ after }: CostChange) => number(after, formatCost), isNumber: true },
  { heading: 'change', cell: ({ change }: CostChange) => number(change, inPercent), isNumber: true },
];

function costs({ plan, steps }: BisectFile): Html {
  const base = measuredIn(steps, plan.good.commit, plan.cell)?.costs;
  const inCell = steps.filter(({ cell }) => cell === plan.cell);
  if (base === undefined) return html``;
  const shown: CostsFigure = {
    points: inCell.flatMap((step) =>
      step.state === 'skipped'
        ? []
        : plan.benchmarks.flatMap((line) => {
            const [cost, first] = [step.costs[line], base[line]];
            if (cost === undefined || first === undefined) return [];
            const { position, commit, subject } = step;
            const title = `${commit.slice(0, 12)} ${subject}: ${formatCost(cost)} ${step.unit}`;
            return { line, position, change: 100 * (cost / first - 1), title };
          }),
    ),
    skipped: inCell.filter(({ state }) => state === 'skipped').map(({ position }) => position),
  };
  return figure({
    name: 'costs',
    title: `Costs in ${plan.cell} against ${plan.good.name}`,
    description: `One dot for each of ${inCell.length} commits that were tried, by their place in the history.`,
    caption: html`<p>
      Each dot is a commit, at the number of commits that it has beyond ${plan.good.name}; its height is the
      change of the cost against ${plan.good.name}.
    </p>`,
    shown: { draw: (breadth) => costsDrawing(shown, WIDTHS[breadth]) },
    table: stepsTable(inCell, plan.benchmarks),
    csv: stepsCsv(inCell),
  });
}
