/** `summary.md`: the summary as GitHub Markdown, for a job's page, an issue or a mail. */
import { type ExitCost, exitCostColumns, type ExitCosts, exitCostsLegend } from '../analysis/exit-costs.ts';
import type { BreakdownRow } from '../analysis/breakdown.ts';
import { breakdownLegend, formatGain } from '../terminal/breakdown-table.ts';
import { escapeMarkdown, tableRow } from '../terminal/markdown.ts';
import { formatCost, formatMean, formatValue } from '../model/numbers.ts';
import { type Summary, type SummaryEntry, summaryOf } from '../analysis/summary.ts';
import { markedSamples } from '../analysis/marks.ts';
import { shortText } from '../terminal/summary-text.ts';
import { textFile } from './exporter.ts';

export const summaryMarkdown = textFile('summary.md', (results) => markdownOf(summaryOf(results)));

/** A complete page that ends in a newline. */
export function markdownOf({
  experiment,
  facts,
  benchmarks,
  breakdown,
  exitCosts,
  rows,
  legend,
  intervals,
  troubles,
  skipped,
}: Summary): string {
  const table =
    rows.length === 0
      ? exitCosts.length === 0
        ? ['Nothing was measured.']
        : []
      : [
          tableRow(['', ...benchmarks.map(({ name }) => `**${escapeMarkdown(name)}**`)]),
          tableRow(['---', ...benchmarks.map(() => '---:')]),
          tableRow(['', ...benchmarks.map(({ unit }) => escapeMarkdown(unit))]),
          ...rows.map(({ cell, entries }) =>
            tableRow([`**${escapeMarkdown(cell)}**`, ...entries.map(entryText)]),
          ),
        ];
  return [
    `## ${escapeMarkdown(experiment)}`,
    facts.map(escapeMarkdown).join(' · '),
    ...(table.length === 0 ? [] : [table.join('\n')]),
    ...breakdownLines(breakdown),
    ...exitCostLines(exitCosts),
    ...(rows.some(({ entries }) => entries.some(hasInterval)) ? intervals : [])
      .concat(legend)
      .map(escapeMarkdown),
    ...troubles.map((text) => `- ⚠️ ${escapeMarkdown(text)}`),
    ...(skipped.length === 0 ? [] : [`Skipped: ${skipped.map(escapeMarkdown).join('; ')}`]),
  ]
    .join('\n\n')
    .concat('\n');
}

/** A result without an overhead has room for its interval. A failure must be visible. */
function entryText(entry: SummaryEntry): string {
  if (entry.state === 'failed') return '**failed**';
  if (entry.state !== 'measured' || !hasInterval(entry)) return escapeMarkdown(shortText(entry));
  const { mean, halfWidth } = formatMean(entry);
  return escapeMarkdown(`${mean} ± ${halfWidth}${markedSamples(entry.marks)}`);
}

function hasInterval(entry: SummaryEntry): boolean {
  return entry.state === 'measured' && entry.overhead === null && entry.halfWidth !== null;
}

/** The steps of direct virtual hardware, and how to read them. */
function breakdownLines(all: readonly BreakdownRow[]): string[] {
  const [first] = all;
  if (first === undefined) return [];
  const lines = [
    ['', '', ...first.steps.map(({ adds }) => escapeMarkdown(adds)), 'together'],
    ['---', '---', ...first.steps.map(() => '---:'), '---:'],
    ...all.flatMap(({ level, benchmark, unit, operation, steps, gain }) => [
      [
        `**L${level} ${escapeMarkdown(benchmark)}**`,
        escapeMarkdown(unit),
        ...steps.map(
          (step) => inDigits(step.mean) + (step.gain === null ? '' : ` (${formatGain(step.gain)})`),
        ),
        formatGain(gain),
      ],
      ...(operation === null
        ? []
        : [['', escapeMarkdown(`exits per ${operation}`), ...steps.map(({ exits }) => inDigits(exits)), '']]),
    ]),
  ];
  return [lines.map(tableRow).join('\n'), ...breakdownLegend(all).map(escapeMarkdown)];
}

function inDigits(value: number | null): string {
  return value === null ? '' : formatValue(value);
}

/** The microbenchmarks' own table, and how to read it. */
function exitCostLines(costs: readonly ExitCosts[]): string[] {
  if (costs.length === 0) return [];
  const columns = exitCostColumns(costs);
  const heads = columns.map(({ side, heading }) => `${side === 'paper' ? 'paper ' : ''}${heading}`);
  const rows = costs.map((row) => [
    `**${escapeMarkdown(row.benchmark)}**`,
    row.unit,
    ...columns.map(({ costOf }) => costText(costOf(row))),
  ]);
  const lines = [['', '', ...heads], ['---', '---', ...heads.map(() => '---:')], ...rows].map(tableRow);
  return [lines.join('\n'), ...exitCostsLegend(costs).map(escapeMarkdown)];
}

function costText(cost: ExitCost | undefined): string {
  if (cost === undefined) return '';
  const times = cost.times === null ? '' : ` (${cost.times.toFixed(1)}x)`;
  return `${formatCost(cost.cost)}${times}`;
}
