import { expect, test } from 'vitest';
import { bisection, measured } from '../analysis/bisection.testing.ts';
import { bisectPage } from './bisect-page.ts';

function textOf(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

test.each([
  ['of a whole bisection', bisection()],
  ['of one that found nothing yet', bisection({ found: undefined })],
  ['of one that measured nothing yet', bisection({ found: undefined, steps: [] })],
])('a page %s is complete, with every id once', (_, content) => {
  const page = bisectPage(content);
  expect(page).not.toMatch(/undefined|NaN|Infinity|\[object|href="(?!#|data:)|src=|<script/);
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual([...new Set(ids)]);
  const links = [...page.matchAll(/href="#([\w-]+)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !ids.includes(id))).toEqual([]);
});

test('it has the commit, its costs at each level, and why others were skipped', () => {
  const text = textOf(bisectPage(bisection()));
  expect(text).toContain('arch/x86/kvm/svm/svm.c');
  expect(text).toContain('Some Body &lt;some@body.example&gt;, 2026-01-01');
  expect(text).toMatch(/l2-baseline hypercall 14,160 14,950 \+5\.6 %/);
  expect(text).toMatch(/l3-baseline hypercall 49,964 53,100 \+6\.3 %/);
  expect(text).toContain('Does not build.');
  expect(text).toContain('error: &quot;this&quot; &lt;undeclared&gt;');
  expect(text).toContain('L0 panicked: Attempted to kill init');
  expect(text).not.toContain('Not finished.');
  expect(text).not.toContain('What had to be left out');
});

test('an unfinished one says how to continue', () => {
  const text = textOf(bisectPage(bisection({ found: undefined })));
  expect(text).toContain('Not finished. Continue with npm run bisect -- --continue');
});

test('options that a source does not have are named', () => {
  const older = {
    ...measured(0, 'l2-baseline', { hypercall: 14_155 }),
    leftOut: ['CONFIG_X: requested y, got n'],
  };
  const text = textOf(bisectPage(bisection({ steps: [older] })));
  expect(text).toContain('What had to be left out');
  expect(text).toContain('CONFIG_X: requested y, got n');
});
