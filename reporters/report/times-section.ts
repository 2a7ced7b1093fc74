/** Where the time went: the phases of each cell, and its boot level by level. */
import { phasesCsv } from '../files/phases-csv.ts';
import { type CellTime, cellTimes, type Stage, STAGES } from '../analysis/phases.ts';
import { preparationLine } from '../terminal/phases-table.ts';
import type { Results } from '../model/experiment-results.ts';
import { count } from '../../setup/lib/count.ts';
import { dataTable, number } from './data-table.ts';
import { figure, WIDTHS } from './figure.ts';
import { html, type Html } from './html.ts';
import { colour } from './palette.ts';
import { inTenths, type Keys, type Row, stackedRows } from './stacked-rows.ts';

const STAGE_KEYS: Readonly<Record<Stage, Keys[string]>> = {
  worker: { label: 'worker', fill: colour('other') },
  L0: { label: 'boot L0', fill: colour('cold-1') },
  L1: { label: 'boot L1', fill: colour('cold-2') },
  L2: { label: 'boot L2', fill: colour('cold-3') },
  L3: { label: 'boot L3', fill: colour('cold-4') },
  prime: { label: 'prime', fill: colour('orange') },
  save: { label: 'save', fill: colour('blue') },
  guests: { label: 'restore guests', fill: colour('cold-2') },
  services: { label: 'services', fill: colour('purple') },
  around: { label: 'around samples', fill: colour('orange') },
  samples: { label: 'samples', fill: colour('green') },
  gaps: { label: 'gaps', fill: colour('failed') },
  end: { label: 'end', fill: colour('muted') },
  rest: { label: 'rest', fill: colour('idle') },
};

const STEP_KEYS: Keys = {
  QEMU: { label: 'QEMU to kernel', fill: colour('grey') },
  kernel: { label: 'kernel', fill: colour('blue') },
  init: { label: 'init', fill: colour('green') },
  SSH: { label: 'SSH', fill: colour('orange') },
  checks: { label: 'checks', fill: colour('purple') },
  restore: { label: 'restore', fill: colour('cold-3') },
  connections: { label: 'connections', fill: colour('cold-1') },
  other: { label: 'other', fill: colour('other') },
};

export function times(results: Results): Html {
  const cells = cellTimes(results);
  if (cells.length === 0) {
    return html`<section aria-labelledby="times">
      <h2 id="times">Where the time went</h2>
      <p class="none">No cell was booted.</p>
    </section>`;
  }
  const csv = phasesCsv(results);
  const before = preparationLine(results);
  return html`<section aria-labelledby="times">
    <h2 id="times">Where the time went</h2>
    ${figure({
      name: 'phases',
      title: 'Phases of each cell',
      description: `Wall time of ${count(cells.length, 'cell')}, by phase.`,
      caption: html`<p>
        Boot phases are in order of time. Services, commands around samples, and gaps alternate with the
        samples and are shown as sums.${before === undefined ? '' : ` Time ${before}.`}
      </p>`,
      shown: { draw: (breadth) => stackedRows(cells.map(phaseRow), STAGE_KEYS, WIDTHS[breadth]) },
      table: phaseTable(cells),
      csv,
    })}
    ${figure({
      name: 'boots',
      title: 'Boots, level by level',
      description: `The steps of the boots of ${count(cells.length, 'cell')}, one level after another.`,
      caption: html`<p>
        From the start of a cell’s first machine. The client boots at the same time as L0 and is not drawn.
      </p>`,
      shown: { draw: (breadth) => stackedRows(cells.map(bootRow), STEP_KEYS, WIDTHS[breadth]) },
      table: bootTable(cells),
      csv,
    })}
  </section>`;
}

function phaseRow({ cell, stages }: CellTime): Row {
  return {
    name: cell,
    segments: STAGES.map((stage) => ({ key: stage, seconds: stages[stage] })).filter(
      ({ seconds }) => seconds > 0,
    ),
  };
}

interface Step {
  readonly level: string;
  readonly step: string;
  readonly seconds: number;
}

/** The steps of a boot record's phases, which have names such as `l1: kernel`. */
function stepsOf({ boot }: CellTime): Step[] {
  return boot.map(({ name, seconds }) => {
    const [, level = '', step = ''] = /^([^:]*): (.*)$/.exec(name) ?? [null, '', name];
    return { level, step, seconds };
  });
}

function bootRow(cell: CellTime): Row {
  const steps = stepsOf(cell).filter(({ level }) => level !== 'client');
  let at = 0;
  const marks: { at: number; text: string }[] = [];
  for (const [index, { level, seconds }] of steps.entries()) {
    if (level !== steps[index - 1]?.level) marks.push({ at, text: level.toUpperCase() });
    at += seconds;
  }
  return {
    name: cell.cell,
    segments: steps.map(({ step, seconds }) => ({ key: step in STEP_KEYS ? step : 'other', seconds })),
    marks,
  };
}

function phaseTable(cells: readonly CellTime[]): Html {
  const shown = STAGES.filter((stage) => cells.some(({ stages }) => stages[stage] > 0));
  return dataTable('Seconds of each cell, by phase', cells, [
    { heading: 'cell', cell: ({ cell }) => cell },
    ...shown.map((stage) => ({
      heading: STAGE_KEYS[stage]?.label ?? stage,
      cell: ({ stages }: CellTime) => number(stages[stage], inTenths),
      isNumber: true,
    })),
    { heading: 'all', cell: ({ total }) => number(total, inTenths), isNumber: true },
  ]);
}

function bootTable(cells: readonly CellTime[]): Html {
  const rows = cells.flatMap((time) =>
    stepsOf(time).map(({ level, step, seconds }) => ({ cell: time.cell, level, step, seconds })),
  );
  return dataTable('Seconds of each step of each boot', rows, [
    { heading: 'cell', cell: ({ cell }) => cell },
    { heading: 'machine', cell: ({ level }) => level },
    { heading: 'step', cell: ({ step }) => step },
    {
      heading: 'seconds',
      cell: ({ seconds }) => number(seconds, (value) => value.toFixed(2)),
      isNumber: true,
    },
  ]);
}
