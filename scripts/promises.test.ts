/** docs/promises.md: each promise names what holds it, and all of that exists. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { documentAt, ROOT } from './cli/documents.testing.ts';
import { FAULT_KINDS } from './faults/kinds.ts';

const PROMISES = [...documentAt('docs/promises.md').text.matchAll(/^\| (.*?) +\| (.*?) +\|$/gm)]
  .map(([, promise = '', holders = '']) => ({ promise, holders }))
  .filter(({ promise }) => promise !== 'promise' && !promise.startsWith('---'));
const KINDS = FAULT_KINDS.map(({ name }) => name);

function spansIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
}

test.each(PROMISES)('$promise', ({ holders }) => {
  const spans = spansIn(holders);
  const known = spans.filter((span) =>
    span.endsWith('.test.ts') ? existsSync(path.join(ROOT, span)) : KINDS.includes(span),
  );
  expect(known).toEqual(spans);
  expect(spans.length > 0 || holders.startsWith('not tested yet')).toBe(true);
});

test('every kind of fault holds a promise', () => {
  const named = new Set(PROMISES.flatMap(({ holders }) => spansIn(holders)));
  expect(KINDS.filter((name) => !named.has(name))).toEqual([]);
});

test("every kind of fault is in the campaign's page", () => {
  const { spans } = documentAt('docs/fault-campaign.md');
  expect(KINDS.filter((name) => !spans.includes(name))).toEqual([]);
});
