/** The results of the bench of adaptive stopping as a table. Pure. */
import { chance } from './binomial.ts';
import type { Tally } from './replay.ts';
import { blockText, wordColumn, tableBlocks } from '../../reporters/terminal/columns.ts';
import { wrap } from '../../reporters/model/text.ts';

export interface Replayed {
  readonly name: string;
  readonly mustHold: boolean;
  /** Ended by the rule of PROFILE=adaptive. */
  readonly ours: Tally;
  /** Not ended early, with the usual interval. */
  readonly fixed: Tally;
  /** Ended by the usual interval, looked at after every sample. */
  readonly naive: Tally;
  /** Ended by Stein's two stages. */
  readonly twoStages: Tally;
}

export interface TableOptions {
  readonly target: number;
  readonly min: number;
  readonly max: number;
  readonly nominal: number;
  readonly columns: number;
}

/** Whether the rule's interval held at its rate, within the error of this many series. */
export function holds({ ours }: Pick<Replayed, 'ours'>, nominal: number): boolean {
  return ours.held >= nominal - chance(nominal, ours.series);
}

const HEADINGS: readonly (readonly [string, (row: Replayed, options: TableOptions) => string])[] = [
  ['samples', ({ ours }) => ours.samples.toFixed(1)],
  ['saved', ({ ours }, { max }) => percent(1 - ours.samples / max, 0)],
  ['+-', ({ ours }) => percent(ours.halfWidth, 2)],
  ['held', ({ ours }) => percent(ours.held, 1)],
  ['all: +-', ({ fixed }) => percent(fixed.halfWidth, 2)],
  ['held', ({ fixed }) => percent(fixed.held, 1)],
  ['naive', ({ naive }) => naive.samples.toFixed(1)],
  ['held', ({ naive }) => percent(naive.held, 1)],
  ['Stein', ({ twoStages }) => twoStages.samples.toFixed(1)],
  ['held', ({ twoStages }) => percent(twoStages.held, 1)],
];

/** First the rows that must hold, with the verdict; then those that break the assumptions of the interval. */
export function adaptiveTable(rows: readonly Replayed[], options: TableOptions): string {
  const { target, min, max, nominal, columns } = options;
  const must = rows.filter(({ mustHold }) => mustHold);
  const others = rows.filter(({ mustHold }) => !mustHold);
  const failing = must.filter((row) => !holds(row, nominal));
  const worst = Math.min(...must.map(({ ours }) => ours.held));
  const strays = Math.max(...must.map(({ ours }) => chance(nominal, ours.series)));
  const expectation = `should be ${percent(nominal, 0)}, with a random error of up to ${percent(strays, 1)}`;
  const verdict =
    failing.length === 0
      ? `HELD: the worst of these ${must.length} held in ${percent(worst, 1)}, ${expectation}.`
      : `NOT HELD: ${failing.map(({ name, ours }) => `${name} (${percent(ours.held, 1)})`).join('; ')}; ${expectation}.`;
  return [
    wrap(
      `Samples until the half-width is at most ${percent(target, 1)} of the mean, at least ${min} and at most ${max}. ` +
        `"+-" is the half-width at the end, "held" how often the interval held the true mean (nominal: ${percent(nominal, 0)}). ` +
        `Against it, on the same series: all ${max} samples with the usual interval; the usual interval looked at after every sample (naive); Stein's two stages.`,
      columns,
      '',
    ),
    `Must hold: independent, and nearly normal\n${block(must, options)}\n${wrap(verdict, columns, '')}`,
    ...(others.length === 0
      ? []
      : [`For comparison: series that break the assumptions, and recorded ones\n${block(others, options)}`]),
  ].join('\n\n');
}

function block(rows: readonly Replayed[], options: TableOptions): string {
  const names = rows.map(({ name }) => name);
  const shown = HEADINGS.map(([heading, of]) => {
    const texts = rows.map((row) => of(row, options));
    return wordColumn(heading, texts, 'right');
  });
  return tableBlocks([wordColumn('', names, 'left')], shown, options.columns, (_, text) => text)
    .map(blockText)
    .join('\n\n');
}

function percent(share: number, decimals: number): string {
  return `${(100 * share).toFixed(decimals)} %`;
}
