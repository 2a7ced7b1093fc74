import { expect, test } from 'vitest';
import { seriesOf } from '../analysis/bisection.testing.ts';
import { seriesPage } from './series-page.ts';

test.each([
  ['of a whole series', seriesOf()],
  ['of one that measured nothing yet', seriesOf({ steps: [] })],
])('a page %s is complete, with every id once', (_, content) => {
  const page = seriesPage(content);
  expect(page).not.toMatch(/undefined|NaN|Infinity|\[object|href="(?!#|data:)|src=|<script/);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test('it has a figure for each cell, every cost, and why a kernel was skipped', () => {
  const text = seriesPage(seriesOf())
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ');
  expect(text).toContain('What operations cost, v6.1 to v7.3');
  expect(text).toContain('l2-baseline hypercall 13,000 14,155 +8.9 %');
  expect(text).toContain('Costs in l1-baseline against v6.1');
  expect(text).toContain('Costs in l2-baseline against v6.1');
  expect(text).toContain('svm.c:1: error');
});
