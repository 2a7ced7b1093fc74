/** The table at the end of an experiment: its heading, the numbers, how to read them, what failed, what was skipped. */
import { blockText } from './columns.ts';
import { breakdownLegend, breakdownTable } from './breakdown-table.ts';
import { detailSections } from './details.ts';
import { breakdown } from '../analysis/breakdown.ts';
import { exitCosts, exitCostsLegend } from '../analysis/exit-costs.ts';
import { exitCostTable } from './exit-costs-table.ts';
import { grid } from './grid.ts';
import { heading } from '../analysis/heading.ts';
import { intervalTexts, LONG } from '../analysis/interval-words.ts';
import { formatPercent } from '../model/numbers.ts';
import { marksLegend, marksOf } from '../analysis/marks.ts';
import { NATIVE_CELL, nativeCommand, overheadOf } from '../analysis/overhead.ts';
import { painter } from './paint.ts';
import { failures, type Problem, skips } from '../analysis/problems.ts';
import type { Measured, Results } from '../model/experiment-results.ts';
import { stoppingOf } from '../analysis/stopping.ts';
import { describeTuning } from '../analysis/machine-tuning.ts';
import { labelledLines, wrap } from '../model/text.ts';

export interface TableOptions {
  /** The width of the terminal. The table is split into blocks of cells that fit. */
  readonly columns: number;
  readonly colours: boolean;
}

/** The whole table as text without a trailing newline. It is ASCII except for `±` and the journal's messages. */
export function terminalTable(results: Results, { columns, colours }: TableOptions): string {
  const paint = painter(colours);
  const costs = exitCosts(results);
  const steps = breakdown(results);
  const blocks = [
    ...grid(results, columns, paint),
    ...breakdownTable(steps, columns, paint),
    ...exitCostTable(costs, columns, paint),
  ].map(blockText);
  return [
    headingText(results, columns),
    ...(blocks.length === 0 ? ['Nothing was measured.'] : blocks),
    legend(results)
      .concat(breakdownLegend(steps))
      .concat(exitCostsLegend(costs))
      .map((line) => paint('detail', wrap(line, columns, '    ', '  ')))
      .join('\n'),
    ...detailSections(results, columns, paint),
    problemText(paint('failed', 'Failed'), failures(results), columns),
    problemText('Skipped', skips(results), columns),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headingText(results: Results, columns: number): string {
  const lines = heading(results).map(
    ([word, line], index, all) => [index > 0 && all[index - 1]?.[0] === word ? '' : word, line] as const,
  );
  return labelledLines(lines, columns);
}

/** How to read the table. Only explains what it shows. */
function legend(results: Results): string[] {
  const measured = results.cells.flatMap(({ name, level, outcomes }) =>
    [...outcomes].flatMap(([benchmark, outcome]) =>
      outcome.state === 'measured' ? { name, level, benchmark, outcome } : [],
    ),
  );
  const some = (test: (outcome: Measured) => boolean) => measured.some(({ outcome }) => test(outcome));
  const nested = measured.filter(({ level }) => level !== 0);
  const overheads = nested.filter(({ name, benchmark }) => overheadOf(results, name, benchmark) !== null);
  const tuning = describeTuning(results);
  const levels = new Set(stoppingOf(results).map(({ rule }) => formatPercent(rule.confidence)));
  return [
    ...intervalTexts(results, LONG).map(
      ({ text, places }) => `a ± b${places === '' ? '' : ` (${places})`}: ${text}`,
    ),
    ...(levels.size > 0 && some(({ interval }) => interval.of === 'iterations')
      ? [`over iterations: at the nominal ${[...levels].join(' or ')} of the rule that stopped them`]
      : []),
    ...(some(({ interval }) => interval.halfWidth === null) ? ['a alone: one sample, so no interval'] : []),
    ...(overheads.length > 0
      ? [
          `(2.3x): overhead against ${NATIVE_CELL}, by the best of the runs' averages; 1.0 is native, more is worse`,
        ]
      : []),
    ...marksLegend(measured.map(({ name, benchmark }) => marksOf(results, name, benchmark))),
    ...(nested.length > overheads.length
      ? [`no overhead where ${NATIVE_CELL} was not measured; to measure it: ${nativeCommand(results)}`]
      : []),
    ...(tuning === '' ? [] : [`tuning as found: ${tuning}`]),
  ];
}

function problemText(title: string, problems: readonly Problem[], columns: number): string {
  if (problems.length === 0) return '';
  return [
    title,
    ...problems.flatMap(({ reason, where }) => [wrap(where, columns, '  '), wrap(reason, columns, '    ')]),
  ].join('\n');
}
