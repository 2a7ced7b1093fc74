import { expect, test } from 'vitest';
import { exitCostsCsv } from '../files/exit-costs-csv.ts';
import { markdownOf } from '../files/summary-markdown.ts';
import { barsCsv } from '../files/figure-csv.ts';
import { barsOf, FIGURE_5 } from './overhead-figures.ts';
import { table4Csv } from '../files/table-4-csv.ts';
import { exitCosts } from './exit-costs.ts';
import { exitCostTable } from '../terminal/exit-costs-table.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { summaryOf } from './summary.ts';
import { summaryText } from '../terminal/summary-text.ts';

const plain = { columns: 140, colours: false };

/** Measurements in virtual time, of two operations at three levels. */
function measured(): TestJournal {
  const journal = new TestJournal();
  return journal
    .samples('l1-baseline', 'hypercall', [2321, 2321])
    .samples('l2-baseline', 'hypercall', [13_068, 13_068])
    .samples('l3-baseline', 'hypercall', [46_909, 46_910])
    .samples('l2-baseline', 'cpuid', [12_880]);
}

test('a cost has its ratio to the level above, and the paper’s numbers next to it', () => {
  using journal = measured();
  const [hypercall, cpuid] = exitCosts(journal.results);
  expect(hypercall?.measured.map(({ times }) => times)).toEqual([
    null,
    expect.closeTo(5.63, 2),
    expect.closeTo(3.59, 2),
  ]);
  expect(hypercall?.paper.map(({ times }) => times)).toEqual([
    null,
    expect.closeTo(23.96, 2),
    expect.closeTo(22.73, 2),
  ]);
  // The paper has no CPUID, and without L1 there is nothing to compare L2 with.
  expect(cpuid).toMatchObject({ measured: [{ level: 2, times: null }], paper: [] });
});

test('as a table', () => {
  using journal = measured();
  const [block] = exitCostTable(exitCosts(journal.results), plain.columns, (_, text) => text);
  expect(block?.map((line) => line.trimEnd()).join('\n')).toMatchInlineSnapshot(`
    "one operation             L1           L2           L3  paper L1      paper L2       paper L3
    ---------------------------------------------------------------------------------------------
    hypercall      cycles  2,321  13,068 5.6x  46,910 3.6x     1,575  37,733 24.0x  857,578 22.7x
    cpuid          cycles         12,880"
  `);
});

test('the closing summary and its Markdown list them separately from applications', () => {
  using journal = measured();
  journal.samples('l2-baseline', 'hackbench', [1.5]);
  const summary = summaryOf(journal.results);
  expect(summary.benchmarks.map(({ name }) => name)).toEqual(['hackbench']);
  expect(summaryText(summary, plain)).toMatch(/^hypercall .*13,068 +5\.6x.*37,733 24\.0x/m);
  expect(markdownOf(summary)).toContain('13,068 (5.6x)');
});

test('a run of only microbenchmarks has no empty table of applications', () => {
  using journal = measured();
  const summary = summaryOf(journal.results);
  expect(summary.rows).toEqual([]);
  expect(summaryText(summary, plain)).not.toContain('Nothing was measured');
});

test('they have their own file, and are not in the paper’s figures and tables of applications', () => {
  using journal = measured();
  expect(exitCostsCsv(journal.results)).toContain('paper,baseline,hypercall,2,37733,cycles,23.95');
  expect(table4Csv(journal.results)).not.toContain('hypercall');
  expect(barsCsv(barsOf(journal.results, FIGURE_5))).not.toContain('hypercall');
});

test('without any there is no file', () => {
  using journal = new TestJournal();
  journal.samples('l1-baseline', 'hackbench', [1]);
  expect(exitCosts(journal.results)).toEqual([]);
});
