/** The page of a bisection or a series: what was found, every step, the options that sources lack, and how it was measured. */
import type { BisectFile, KernelStep, SeriesFile } from '../../fixtures/kernel-steps.ts';
import { formatCost } from '../model/numbers.ts';
import { dataTable, number, type TableColumn } from './data-table.ts';
import { link } from './figure.ts';
import { type Content, html, type Html } from './html.ts';
import { pageHead } from './page-head.ts';

export interface StepsPage {
  readonly title: string;
  /** Below the title. */
  readonly about: Content;
  /** The first section. */
  readonly findings: Html;
  /** Above the table of all steps. */
  readonly figure?: Html;
  /** The kernels or ends that were named, with their commits. */
  readonly named: readonly (readonly [string, string])[];
}

export function stepsPage(content: BisectFile | SeriesFile, page: StepsPage): string {
  const { kind, plan, steps } = content;
  const { title, about, findings, figure = '', named } = page;
  const json = JSON.stringify(content, undefined, 2);
  return html`<!doctype html>
    <html lang="en">
      ${pageHead(title)}
      <body>
        <a class="skip" href="#main">Skip to the results</a>
        <header>
          <h1>${title}</h1>
          ${about}
        </header>
        <main id="main" tabindex="-1">
          ${findings}
          <section aria-labelledby="measured">
            <h2 id="measured">What was measured</h2>
            ${figure} ${stepsTable(steps, plan.benchmarks)}
          </section>
          ${leftOutSection(steps)}
          <section aria-labelledby="setting">
            <h2 id="setting">How it was measured</h2>
            ${settingList(content, named)}
          </section>
        </main>
        <footer>
          <p class="downloads">
            Download ${link(`${kind}.json`, 'application/json', json, 'everything as JSON', 'JSON')}
          </p>
        </footer>
      </body>
    </html>`.markup;
}

/** In the order in which they were measured. */
export function stepsTable(steps: readonly KernelStep[], benchmarks: readonly string[]): Html {
  const columns: TableColumn<KernelStep>[] = [
    { heading: 'place', cell: ({ position }) => position, isNumber: true },
    { heading: 'commit', cell: ({ commit }) => html`<code>${commit.slice(0, 12)}</code>` },
    { heading: 'subject', cell: ({ subject }) => subject },
    { heading: 'cell', cell: ({ cell }) => cell },
    ...benchmarks.map((benchmark) => ({
      heading: benchmark,
      cell: (step: KernelStep) =>
        number(step.state === 'measured' ? step.costs[benchmark] : null, formatCost),
      isNumber: true,
    })),
    {
      heading: 'seconds',
      cell: (step) => secondsOf(step).toFixed(0),
      isNumber: true,
    },
    { heading: 'skipped', cell: whyOf },
  ];
  return dataTable('All steps, in the order in which they were measured', steps, columns);
}

function whyOf(step: KernelStep): Html | string {
  if (step.state === 'measured') return '';
  const what = step.during === 'build' ? 'Does not build.' : 'Cannot be measured.';
  return html`<details>
    <summary>${what}</summary>
    <pre>${step.reason}</pre>
  </details>`;
}

/** Empty if every source has all options. */
function leftOutSection(steps: readonly KernelStep[]): Html {
  const lists = steps.flatMap((step) =>
    step.state === 'measured' && step.leftOut.length > 0
      ? [{ release: step.release, leftOut: step.leftOut }]
      : [],
  );
  const byList = Map.groupBy(lists, ({ leftOut }) => leftOut.join('\n'));
  if (byList.size === 0) return html``;
  return html`<section aria-labelledby="left-out">
    <h2 id="left-out">What had to be left out</h2>
    <p>These options of nestbench’s configuration are not granted by every source.</p>
    ${[...byList].map(([list, its]) => {
      const releases = [...new Set(its.map(({ release }) => release))].toSorted();
      return html`<details>
        <summary>
          ${list.split('\n').length} options, in ${releases.length} kernels: ${releases.join(', ')}
        </summary>
        <pre>${list}</pre>
      </details>`;
    })}
  </section>`;
}

/** Where the kernels came from, and how long it took. */
function settingList({ plan, startedAt, steps }: BisectFile | SeriesFile, named: StepsPage['named']): Html {
  const seconds = steps.reduce((sum, step) => sum + secondsOf(step), 0);
  return html`<dl class="facts">
    ${term('repository', plan.repository)} ${named.map(([name, value]) => term(name, value))}
    ${term('compiler', `Debian ${plan.suite}'s`)} ${term('started', startedAt)}
    ${term('time', `${Math.round(seconds / 60)} min for ${steps.length} steps`)}
  </dl>`;
}

function secondsOf(step: KernelStep): number {
  return step.state === 'measured' ? step.seconds.build + step.seconds.measure : step.seconds;
}

export function term(name: string, value: Content): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div> `;
}
