/** The figures of overhead: which bars each has, and why one can't be drawn. Used by the files and the report. */
import type { Storage } from '../../fixtures/storage.ts';
import { BREAKDOWN, STEPS } from '../../fixtures/configurations/breakdown-steps.ts';
import type { Configuration } from '../../fixtures/configurations/configuration.ts';
import { CONFIGURATIONS } from '../../fixtures/configurations/index.ts';
import { isPaperCell, type Level } from '../../fixtures/matrix.ts';
import { applicationsOf } from '../model/applications.ts';
import { marksOf } from './marks.ts';
import { NATIVE_CELL, type OverheadInterval, overheadInterval, overheadOf } from './overhead.ts';
import { reasonOf } from './reason.ts';
import { type CellResults, outcomeOf, type Results } from '../model/experiment-results.ts';

export interface OverheadFigure {
  /** The CSV file's name without its extension. */
  readonly name: string;
  readonly title: string;
  readonly levels: readonly Level[];
  readonly has: (cell: Pick<CellResults, 'name' | 'configuration'>) => boolean;
  /** Configurations in the order of their bars with what they are called; by default the cells' order and names. */
  readonly labels?: ReadonlyMap<string, string>;
}

export interface Bar {
  readonly benchmark: string;
  readonly cell: string;
  readonly level: Level;
  readonly configuration: string;
  readonly overhead: number | null;
  /** Interval of the ratio of the means over boots; null if a side has only one boot. */
  readonly interval: OverheadInterval | null;
  readonly loader: string | null;
  readonly storage: Storage | null;
  /** Empty if the number exists and is complete. */
  readonly reason: string;
}

/** Figure 5 of the paper: one and two levels. */
export const FIGURE_5: OverheadFigure = {
  name: 'figure-5',
  title: 'Figure 5. Overhead at L1 and L2',
  levels: [1, 2],
  has: ({ name }) => isPaperCell(name),
};

/** Figure 6 of the paper: three levels. */
export const FIGURE_6: OverheadFigure = {
  name: 'figure-6',
  title: 'Figure 6. Overhead at L3',
  levels: [3],
  has: ({ name }) => isPaperCell(name),
};

/** Configurations that extend another one. */
export const EXTENSIONS: readonly { readonly name: string; readonly extends: string }[] =
  CONFIGURATIONS.flatMap(({ name, ...each }: Configuration) =>
    each.extends === undefined ? [] : { name, extends: each.extends },
  );

/** Whether only the breakdown has it, which has its own figure. */
export function isStep(configuration: string): boolean {
  return BREAKDOWN.some(({ name }) => name === configuration);
}

/** The configurations that are not in the paper, next to those that they extend. */
export const ADDITIONAL: OverheadFigure = {
  name: 'figure-additional',
  title: 'Beyond the paper. Overhead of additional configurations',
  levels: [1, 2, 3],
  has: ({ name, configuration }) =>
    (!isPaperCell(name) && !isStep(configuration)) ||
    EXTENSIONS.some((each) => each.extends === configuration),
};

const STEP_LABELS: ReadonlyMap<string, string> = new Map(
  STEPS.map(({ configuration, adds }) => [configuration, adds]),
);

/** The breakdown of dvh: a bar for each step. */
export const BREAKDOWN_FIGURE: OverheadFigure = {
  name: 'figure-breakdown',
  title: 'Breakdown. Overhead with one mechanism of direct virtual hardware after another',
  levels: [2, 3],
  has: ({ configuration }) => STEP_LABELS.has(configuration),
  labels: STEP_LABELS,
};

export const OVERHEAD_FIGURES = [FIGURE_5, FIGURE_6, ADDITIONAL] as const;

/** By benchmark, then by cell in the matrix's order. */
export function barsOf(results: Results, { levels, has, labels }: OverheadFigure): Bar[] {
  const drawn = results.cells.filter(
    (cell): cell is CellResults & { level: Level } =>
      cell.level !== null && levels.includes(cell.level) && has(cell),
  );
  const order = [...(labels?.keys() ?? [])];
  const cells =
    labels === undefined
      ? drawn
      : drawn.toSorted(
          (one, other) =>
            one.level - other.level || order.indexOf(one.configuration) - order.indexOf(other.configuration),
        );
  return applicationsOf(results).flatMap(({ name: benchmark, loader, storage }) =>
    cells.map(({ name: cell, level, configuration }): Bar => ({
      benchmark,
      cell,
      level,
      configuration,
      overhead: overheadOf(results, cell, benchmark),
      interval: overheadInterval(results, cell, benchmark),
      loader,
      storage,
      reason: whyNot(results, cell, benchmark),
    })),
  );
}

/**
 * The cell's own reason; if it has none, that of L0, without which there is no overhead; otherwise why it is doubtful.
 */
function whyNot(results: Results, cell: string, benchmark: string): string {
  const own = reasonOf(outcomeOf(results, cell, benchmark));
  if (own !== '') return own;
  const native = reasonOf(outcomeOf(results, NATIVE_CELL, benchmark));
  if (native !== '') return `${NATIVE_CELL}: ${native}`;
  const { overhead, samples } = marksOf(results, cell, benchmark);
  return [...overhead, ...samples].map(({ meaning }) => meaning).join('; ');
}
