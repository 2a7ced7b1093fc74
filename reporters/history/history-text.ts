/** A history as text: its series, and where they changed. */
import { blockText, type Role, tableBlocks, wordColumn } from '../terminal/columns.ts';
import { escapeMarkdown, tableRow } from '../terminal/markdown.ts';
import { formatValue } from '../model/numbers.ts';
import { painter } from '../terminal/paint.ts';
import type { TableOptions } from '../terminal/terminal-table.ts';
import { wrap } from '../model/text.ts';
import { count } from '../../setup/lib/count.ts';
import { describeChanges } from '../analysis/toolchain-changes.ts';
import {
  changesOf,
  type HistoryChange,
  type HistorySeries,
  type Step,
  stepWith,
  toolchainStep,
} from './changes.ts';
import type { HistoryPoint } from './history-store.ts';
import { distinctionOf, placeOf } from './kind.ts';
import { SIDE_BY_SIDE } from '../../fixtures/records.ts';

/** Bars of eight heights; ASCII when not on a terminal, because a log may not show others. */
const BARS = { fine: '▁▂▃▄▅▆▇█', plain: '_.-~=+*#' };
/** The number that fits on a line with the other columns. Older ones are left out. */
const MAX_BARS = 40;

/**
 * The series, grouped by where they were measured: one line each, with the number of records, the last value, its
 * changes and its trend.
 */
export function seriesText(all: readonly HistorySeries[], options: TableOptions): string {
  return [
    ...byPlace(all, ({ kind }) => kind).map(
      ([place, its]) => `${wrap(place, options.columns, '  ', '')}\n\n${seriesTable(its, options)}`,
    ),
    wrap(
      `|: a change point. ${all.some(hasToolchains) ? '^: another toolchain than the record before. ' : ''}A series has only results of the same testbed, profile, host, variant, loader and sizes.`,
      options.columns,
      '    ',
      '  ',
    ),
  ].join('\n\n');
}

/** Whether its toolchain ever changed. */
function hasToolchains({ points }: HistorySeries): boolean {
  return points.some((point, index) => toolchainStep(points[index - 1] ?? point, point).length > 0);
}

function seriesTable(all: readonly HistorySeries[], { columns, colours }: TableOptions): string {
  const bars = colours ? BARS.fine : BARS.plain;
  const rows = all.map((series) => {
    const same = all.filter(({ cell, benchmark }) => cell === series.cell && benchmark === series.benchmark);
    const kinds = same.map(({ kind }) => kind);
    return { series, changes: changesOf(series), distinction: distinctionOf(series.kind, kinds) };
  });
  const column = (heading: string, of: (row: (typeof rows)[number]) => string, side: 'left' | 'right') =>
    wordColumn(heading, rows.map(of), side);
  const table = tableBlocks(
    [
      column('', ({ series }) => series.cell, 'left'),
      column('', ({ series }) => series.benchmark, 'left'),
      ...(rows.some(({ distinction }) => distinction !== '')
        ? [column('', ({ distinction }) => distinction, 'left')]
        : []),
    ],
    [
      column('records', ({ series }) => String(series.points.length), 'right'),
      column('last', ({ series }) => formatValue(series.points.at(-1)?.mean ?? 0), 'right'),
      column('unit', ({ series }) => series.points[0].unit, 'left'),
      column(
        'changes',
        ({ changes }) => changes.map(({ change }) => percentOf(change.change)).join(' '),
        'left',
      ),
      column('trend', ({ series, changes }) => trend(series, changes, bars), 'left'),
    ],
    columns,
    painter(colours),
  );
  return table.map(blockText).join('\n');
}

/** Groups by place, because numbers of an emulated server are never shown without saying so. */
function byPlace<T>(all: readonly T[], kindOf: (one: T) => string): [place: string, its: T[]][] {
  return [...Map.groupBy(all, (one) => placeOf(kindOf(one)))];
}

/** Scaled from the smallest to the largest value shown. */
function trend({ points }: HistorySeries, changes: readonly HistoryChange[], bars: string): string {
  const first = Math.max(0, points.length - MAX_BARS);
  const means = points.slice(first).map(({ mean }) => mean);
  const [min, max] = [Math.min(...means), Math.max(...means)];
  const marks = new Set(changes.map(({ change }) => change.at));
  return means
    .map((mean, index) => {
      const share = max === min ? 0 : (mean - min) / (max - min);
      const bar = bars[Math.round(share * (bars.length - 1))] ?? '';
      const [before, here] = [points[first + index - 1], points[first + index]];
      const isOther = before !== undefined && here !== undefined && toolchainStep(before, here).length > 0;
      return `${marks.has(first + index) ? '|' : ''}${isOther ? '^' : ''}${bar}`;
    })
    .join('');
}

const HEADINGS = ['', '', 'change', 'from', 'to', 'unit', 'p', 'last before', 'first after'] as const;

function fieldsOf({ series, change, before, after, toolchain }: HistoryChange): string[] {
  return [
    series.cell,
    series.benchmark,
    percentOf(change.change),
    formatValue(change.from),
    formatValue(change.to),
    after.unit,
    change.probability < 1e-4 ? '< 0.0001' : change.probability.toFixed(4),
    nameOf(before),
    `${nameOf(after)}${toolchain.length > 0 ? ', with another toolchain' : ''}`,
  ];
}

/** What p can't rule out (`npm run bench:validity`). */
export const CORRELATED =
  'p allows for nights that resemble the night before, as far as this few nights show it; if they resemble it strongly, chance alone can look like a change, so check again two nights later';

/** The changes, grouped by where they were measured, those for the worse first. */
export function changesText(changes: readonly HistoryChange[], options: TableOptions): string {
  if (changes.length === 0) return 'No new changes.';
  return [
    ...byPlace(worstFirst(changes), ({ series }) => series.kind).map(
      ([place, rows]) => `${wrap(place, options.columns, '  ', '')}\n\n${changesTable(rows, options)}`,
    ),
    ...toolchainLines(changes).map((line) => wrap(line, options.columns, '    ', '  ')),
    wrap(CORRELATED, options.columns, '    ', '  '),
  ].join('\n\n');
}

function changesTable(rows: readonly HistoryChange[], { columns, colours }: TableOptions): string {
  const fields = rows.map((change) => ({ texts: fieldsOf(change), role: roleOf(change) }));
  const all = HEADINGS.map((heading, index) =>
    wordColumn(
      heading,
      fields.map(({ texts, role: its }) => ({ text: texts[index] ?? '', role: its })),
      index < 2 || index > 6 ? 'left' : 'right',
    ),
  );
  return tableBlocks(all.slice(0, 2), all.slice(2), columns, painter(colours)).map(blockText).join('\n');
}

/** The same as a page of Markdown, for an issue. */
export function changesMarkdown(changes: readonly HistoryChange[]): string {
  if (changes.length === 0) return 'No new changes.';
  const worse = changes.filter(({ isWorse }) => isWorse).length;
  return [
    `${count(worse, 'change')} for the worse, ${changes.length - worse} for the better.`,
    ...byPlace(worstFirst(changes), ({ series }) => series.kind).map(
      ([place, rows]) => `\nMeasured on: ${escapeMarkdown(place)}\n\n${markdownTable(rows)}`,
    ),
    ...toolchainLines(changes).map((line) => `\n${escapeMarkdown(line)}.`),
    `\n${CORRELATED}.`,
  ].join('\n');
}

function markdownTable(rows: readonly HistoryChange[]): string {
  return [
    tableRow(HEADINGS.map((heading) => (heading === '' ? ' ' : heading))),
    tableRow(HEADINGS.map((_, index) => (index < 2 || index > 6 ? '---' : '---:'))),
    ...rows.map((change) => tableRow(fieldsOf(change).map(escapeMarkdown))),
  ].join('\n');
}

/** What else changed in the night of a change, each night once. */
function toolchainLines(changes: readonly HistoryChange[]): string[] {
  const lines = changes
    .filter(({ toolchain }) => toolchain.length > 0)
    .map(
      ({ after, toolchain }) =>
        `${after.experiment} has another toolchain, which may be the cause instead of the code: ${describeChanges(toolchain)}`,
    );
  return [...new Set(lines)];
}

/** Sentences about an experiment that starts series of its own, because it was measured in another way than before. */
export function describeSteps(experiment: string, points: readonly HistoryPoint[]): string[] {
  const steps = [
    [stepWith(experiment, points, ({ accelerator }) => accelerator), describeAcceleratorStep],
    [stepWith(experiment, points, ({ settings }) => settings[SIDE_BY_SIDE] ?? '1'), describeSideBySideStep],
  ] as const;
  return steps.flatMap(([step, describe]) => (step === undefined ? [] : `${describe(step)}.`));
}

function describeAcceleratorStep({ before, after }: Step): string {
  return `NOT COMPARED: the server of ${after.experiment} ran on ${after.is}, that of ${before.experiment}, the one before it, on ${before.was}. Each accelerator has its own series. To stay in one, set ACCELERATOR=${before.was}`;
}

function describeSideBySideStep({ before, after }: Step): string {
  return `NOT COMPARED: ${cellsAtOnce(after.is)} of ${after.experiment} ran at a time, and ${before.was} of ${before.experiment}, the one before it. Each number has its own series. To stay in one, set PARALLEL=${before.was}`;
}

function cellsAtOnce(many: string): string {
  return count(Number(many), 'cell');
}

function worstFirst(changes: readonly HistoryChange[]): HistoryChange[] {
  return changes.toSorted(
    (one, other) => Number(other.isWorse) - Number(one.isWorse) || sizeOf(other) - sizeOf(one),
  );
}

/** Symmetric around no change: half is as large a change as twice. */
function sizeOf({ change }: HistoryChange): number {
  return Math.abs(Math.log1p(change.change));
}

function roleOf({ isWorse }: HistoryChange): Role {
  return isWorse ? 'failed' : 'good';
}

function nameOf({ experiment, commit }: { experiment: string; commit: string | null }): string {
  return commit === null ? experiment : `${experiment} (${commit.slice(0, 12)})`;
}

/** `+12.3 %` */
function percentOf(change: number): string {
  return `${change < 0 ? '' : '+'}${(change * 100).toFixed(1)} %`;
}
