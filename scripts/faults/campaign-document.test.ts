/** The tables of docs/fault-campaign.md are those of the results beside it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { OUTCOMES } from './fault-result.ts';

const DOCS = path.resolve(import.meta.dirname, '../../docs');

const result = z.object({
  campaign: z.string(),
  number: z.number(),
  kind: z.string(),
  outcome: z.enum(OUTCOMES),
  wrong: z.array(z.string()),
});
type Result = z.infer<typeof result>;

const lines = readFileSync(path.join(DOCS, 'fault-campaign.ndjson'), 'utf8').trimEnd().split('\n');
/** The last of each fault. */
const results = [
  ...new Map(
    lines
      .map((line) => result.parse(JSON.parse(line)))
      .map((one) => [`${one.campaign} ${one.number}`, one] as const),
  ).values(),
];

/** The numbers of the table that begins with that column, by row. */
function tableOf(column: string): Readonly<Record<string, number[]>> {
  const text = readFileSync(path.join(DOCS, 'fault-campaign.md'), 'utf8');
  const [, rest = ''] = text.split(new RegExp(`^\\| ${column} +\\| faults .*\\n.*\\n`, 'm'));
  const [table = ''] = rest.split('\n\n');
  const rows = table.split('\n').map((row) => row.split('|').slice(1, -1));
  return Object.fromEntries(
    rows.map(([name = '', ...counts]) => [name.trim().replaceAll('`', ''), counts.map(Number)]),
  );
}

function countsOf(its: readonly Result[]): number[] {
  return [its.length].concat(OUTCOMES.map((outcome) => its.filter((one) => one.outcome === outcome).length));
}

test.for([
  { column: 'campaign', of: (one: Result) => one.campaign },
  { column: 'kind', of: (one: Result) => one.kind },
])('the table by $column counts the results', ({ column, of }) => {
  const groups = [...Map.groupBy(results, of)].map(([name, its]) => [name, countsOf(its)] as const);
  expect(tableOf(column)).toEqual({ ...Object.fromEntries(groups), all: countsOf(results) });
});

test('no fault of them failed in the end, and those that failed at first say why', () => {
  expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  const all = lines.map((line) => result.parse(JSON.parse(line)));
  expect(all.filter(({ outcome, wrong }) => (outcome === 'failed') !== wrong.length > 0)).toEqual([]);
});
