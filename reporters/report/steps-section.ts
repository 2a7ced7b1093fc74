/** The table of every commit that was tried, and the options that their sources lack. */
import type { KernelStep } from '../../fixtures/kernel-steps.ts';
import { formatCost } from '../model/numbers.ts';
import { dataTable, number, type TableColumn } from './data-table.ts';
import { html, type Html } from './html.ts';

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
      cell: (step) =>
        (step.state === 'measured' ? step.seconds.build + step.seconds.measure : step.seconds).toFixed(0),
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
