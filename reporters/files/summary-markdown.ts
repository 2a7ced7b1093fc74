/** `summary.md`: the story as GitHub's Markdown, for a job's summary, an issue or a mail. */
import { escapeMarkdown, tableRow } from '../markdown.ts';
import { formatMean } from '../numbers.ts';
import { type Story, type StoryEntry, storyOf } from '../story.ts';
import { shortText } from '../story-text.ts';
import { textFile } from './exporter.ts';

export const summaryMarkdown = textFile('summary.md', (results) => storyMarkdown(storyOf(results)));

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
    table.join('\n'),
    ...legend.map(escapeMarkdown),
    ...troubles.map((text) => `- ⚠️ ${escapeMarkdown(text)}`),
    ...(skipped.length === 0 ? [] : [`Skipped: ${skipped.map(escapeMarkdown).join('; ')}`]),
  ]
    .join('\n\n')
    .concat('\n');
}

/** There is room for the interval of what has no overhead; what failed is to be seen. */
function entryText(entry: StoryEntry): string {
  if (entry.state === 'failed') return '**failed**';
  if (entry.state !== 'measured' || entry.overhead !== null || entry.halfWidth === null) {
    return escapeMarkdown(shortText(entry));
  }
  const { mean, halfWidth } = formatMean(entry);
  return escapeMarkdown(`${mean} ± ${halfWidth}${entry.failedPartWay ? '!' : ''}`);
}
