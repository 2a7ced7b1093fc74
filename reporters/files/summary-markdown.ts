/** `summary.md`: the story as GitHub's Markdown, for a job's summary, an issue or a mail. */
import path from 'node:path';
import { writeWhole } from '../../setup/write-whole.ts';
import { formatMean } from '../numbers.ts';
import { type Story, type StoryEntry, storyOf } from '../story.ts';
import { shortText } from '../story-text.ts';
import type { Exporter } from './exporter.ts';

export const summaryMarkdown: Exporter = {
  name: 'summary.md',
  write(results, directory) {
    writeWhole(path.join(directory, this.name), storyMarkdown(storyOf(results)));
    return [this.name];
  },
};

/** A page of its own; ends in a newline. */
export function storyMarkdown({
  experiment,
  facts,
  benchmarks,
  rows,
  legend,
  troubles,
  skipped,
}: Story): string {
  const table =
    rows.length === 0
      ? ['Nothing was measured.']
      : [
          tableRow(['', ...benchmarks.map(({ name }) => `**${escape(name)}**`)]),
          tableRow(['---', ...benchmarks.map(() => '---:')]),
          tableRow(['', ...benchmarks.map(({ unit }) => escape(unit))]),
          ...rows.map(({ cell, entries }) => tableRow([`**${escape(cell)}**`, ...entries.map(entryText)])),
        ];
  return [
    `## ${escape(experiment)}`,
    facts.map(escape).join(' · '),
    table.join('\n'),
    ...legend.map(escape),
    ...troubles.map((text) => `- ⚠️ ${escape(text)}`),
    ...(skipped.length === 0 ? [] : [`Skipped: ${skipped.map(escape).join('; ')}`]),
  ]
    .join('\n\n')
    .concat('\n');
}

function tableRow(fields: readonly string[]): string {
  return `| ${fields.join(' | ')} |`;
}

/** There is room for the interval of what has no overhead; what failed is to be seen. */
function entryText(entry: StoryEntry): string {
  if (entry.state === 'failed') return '**failed**';
  if (entry.state !== 'measured' || entry.overhead !== null || entry.halfWidth === null) {
    return escape(shortText(entry));
  }
  const { mean, halfWidth } = formatMean(entry);
  return escape(`${mean} ± ${halfWidth}${entry.failedPartWay ? '!' : ''}`);
}

/** What Markdown or a table would take for its own (GitHub Flavored Markdown 0.29, sections 2.4 and 4.10). */
function escape(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|~]/g, String.raw`\$&`).replaceAll('\n', ' ');
}
