/** The table of every commit that was tried, and the options that their sources lack. */
import type { KernelStep } from '../../fixtures/kernel-steps.ts';
import { formatCost } from '../model/numbers.ts';
import { dataTable, number, type TableColumn } from './data-table.ts';
import { type Content, html, type Html } from './html.ts';

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
export function leftOutSection(steps: readonly KernelStep[]): Html {
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

interface Measured {
  readonly plan: { readonly repository: string; readonly suite: string };
  readonly startedAt: string;
  readonly steps: readonly KernelStep[];
}

/**
 * Where the kernels came from, and how long it took.
 * @param kernels further facts, by name.
 */
export function settingList(
  { plan, startedAt, steps }: Measured,
  kernels: readonly (readonly [string, string])[],
): Html {
  const seconds = steps.reduce((sum, step) => sum + secondsOf(step), 0);
  return html`<dl class="facts">
    ${term('repository', plan.repository)} ${kernels.map(([name, value]) => term(name, value))}
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
