/** The sections below the main table on a terminal: why series ended, exits, fairness, and where the time went. */
import type { Paint } from './columns.ts';
import { exitTable } from './exits-table.ts';
import { fairnessLines } from '../analysis/fairness-lines.ts';
import { preparationLine, timeTable } from './phases-table.ts';
import type { Results } from '../model/experiment-results.ts';
import { stoppingLines } from './stopping-lines.ts';
import { wrap } from '../model/text.ts';

/** The sections, each under its title. Sections without data in the journal are left out. */
export function detailSections(results: Results, columns: number, paint: Paint): string[] {
  const inside = columns - INDENT.length;
  const fairness = fairnessLines(results).map(({ text, over }) =>
    paint(over ? 'failed' : 'value', wrap(text, columns, INDENT.repeat(2), INDENT)),
  );
  const before = preparationLine(results);
  return [
    section(
      'Adaptive stopping',
      stoppingLines(results).map((line) => wrap(line, columns, INDENT.repeat(2), INDENT)),
    ),
    section('Exits at L0, all levels together', exitTable(results, inside, paint).map(indented)),
    section('Fairness', fairness),
    section('Where the time went', [
      ...timeTable(results, inside, paint).map(indented),
      ...(before === undefined ? [] : [paint('detail', wrap(before, columns, INDENT.repeat(2), INDENT))]),
    ]),
  ].filter((text) => text !== '');
}

const INDENT = '  ';

function indented(lines: readonly string[]): string {
  return lines.map((line) => (INDENT + line).trimEnd()).join('\n');
}

function section(title: string, parts: readonly string[]): string {
  return parts.length === 0 ? '' : [title, ...parts].join('\n');
}
