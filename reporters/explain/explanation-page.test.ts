import { expect, test } from 'vitest';
import { explanationPage } from './explanation-page.ts';
import { CHEAPER, EXPLAINED } from './explanation.testing.ts';

test('a page has the flame graph, the tables and what it was made of', () => {
  const page = explanationPage(EXPLAINED);
  expect(page).toContain('<title>hypercall at l2-baseline · nestbench</title>');
  expect(page).toContain('<title>nested_svm_vmrun: 600 instructions</title>');
  expect(page).toContain('handle VMMCALL of L2');
  expect(page).toContain('6.12.95');
  expect(page).not.toContain('The difference');
  expect(page).not.toContain('<script');
});

test('a comparison has both, at one scale, and the difference', () => {
  const page = explanationPage(CHEAPER, EXPLAINED);
  expect(page).toContain('hypercall at l2-dvh against hypercall at l2-baseline');
  expect(page).toMatch(/The difference: -200 instructions,\s+-19\.9 %/);
  expect(
    page.match(/Flame graph of hypercall at l2-(?:baseline|dvh): [0-9,]+ instructions<\/h3>/g),
  ).toHaveLength(2);
});
