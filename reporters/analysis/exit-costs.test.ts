import { expect, test } from 'vitest';
import { exitCostsCsv } from '../files/exit-costs-csv.ts';
import { markdownOf } from '../files/summary-markdown.ts';
import { barsCsv } from '../files/figure-csv.ts';
import { barsOf, FIGURE_5 } from './overhead-figures.ts';
import { table4Csv } from '../files/table-4-csv.ts';
import { exitCosts, exitCostsLegend } from './exit-costs.ts';
import { blockText } from '../terminal/columns.ts';
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

test('with DVH beside them, as the paper prints it: the ratio is to the level above with DVH, or to L1', () => {
  using journal = measured();
  journal
    .samples('l1-baseline', 'program-timer', [2705])
    .samples('l2-baseline', 'program-timer', [14_758])
    .samples('l2-dvh', 'program-timer', [877])
    .samples('l2-dvh', 'hypercall', [14_219])
    .samples('l3-dvh', 'program-timer', [884])
    .samples('l3-dvh', 'halt-wake', [21_000]);
  const costs = exitCosts(journal.results);
  const blocks = exitCostTable(costs, 100, (_, text) => text);
  expect(blocks.map(blockText).join('\n\n')).toMatchInlineSnapshot(`
    "one operation             L1           L2       L2 dvh           L3       L3 dvh
    --------------------------------------------------------------------------------
    hypercall      cycles  2,321  13,068 5.6x  14,219 6.1x  46,910 3.6x
    program-timer  cycles  2,705  14,758 5.5x     877 0.3x                  884 1.0x
    halt-wake      cycles                                                21,000
    cpuid          cycles         12,880

    one operation          paper L1      paper L2  paper L2 dvh         paper L3   paper L3 dvh
    -------------------------------------------------------------------------------------------
    hypercall      cycles     1,575  37,733 24.0x  38,743 24.6x    857,578 22.7x  929,724 24.0x
    program-timer  cycles     2,005  43,359 21.6x   3,247  1.6x  1,033,946 23.8x    3,304  1.0x"
  `);
  // What the ratios of these columns can't show is said below.
  expect(exitCostsLegend(costs).join(' ')).toContain('no fast path for the timer of L1');
  expect(exitCostsCsv(journal.results)).toContain('measured,dvh,program-timer,3,884,cycles,1.00');
});

test('without L2 with DVH, L3 with it is compared with nothing', () => {
  using journal = measured();
  journal.samples('l3-dvh', 'hypercall', [50_707]);
  const [hypercall] = exitCosts(journal.results);
  expect(hypercall?.measured.find(({ configuration }) => configuration === 'dvh')?.times).toBeNull();
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
