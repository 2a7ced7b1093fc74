import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../setup/lib/temporary.testing.ts';
import { firstSampleAt } from './first-sample-at.ts';

function journal(...records: readonly object[]): string {
  const file = path.join(temporaryDirectory(), 'journal.ndjson');
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return file;
}

test('the earliest sample counts, whatever else a record has', () => {
  const file = journal(
    { type: 'boot', at: '2026-11-26T09:00:00.000Z' },
    { type: 'sample', started: '2026-11-26T09:00:09.500Z', value: 1 },
    { type: 'sample', started: '2026-11-26T09:00:07.250Z' },
  );
  expect(firstSampleAt(file)).toBe(Date.parse('2026-11-26T09:00:07.250Z'));
});

test('a journal without a sample has none', () => {
  expect(firstSampleAt(journal({ type: 'failure' }))).toBeUndefined();
});
