import { stripVTControlCharacters } from 'node:util';
import { marked, type Tokens } from 'marked';
import { describe, expect, test } from 'vitest';
import { CELLS } from '../../fixtures/matrix.ts';
import { realisticJournal, wholeJournal } from '../model/experiment.testing.ts';
import { markdownOf } from '../files/summary-markdown.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { summaryOf } from './summary.ts';
import { summaryText } from '../terminal/summary-text.ts';

const PLAIN = { columns: 120, colours: false };

function text(journal: TestJournal, columns = 120): string {
  return summaryText(summaryOf(journal.results), { columns, colours: false });
}

/** The table, as a reader of GitHub's Markdown sees it. */
function tableOf(journal: TestJournal): string[][] {
  const tokens = marked.lexer(markdownOf(summaryOf(journal.results)), { gfm: true });
  const table = tokens.find((token): token is Tokens.Table => token.type === 'table');
  return table === undefined ? [] : [table.header, ...table.rows].map((row) => row.map(plainText));
}

function plainText({ tokens }: Tokens.TableCell): string {
  return tokens.map((token) => ('text' in token ? String(token.text) : '')).join('');
}

describe('in a terminal', () => {
  test('a realistic experiment', () => {
    using journal = realisticJournal();
    expect(text(journal)).toMatchInlineSnapshot(`
      "2026-11-23-0040: emulated server (QEMU TCG): shows how levels compare, not how fast hardware is; quick, 1 run (at most 3
        iterations of seconds each, sized for emulation); cb90e4d1c0ff
                                 hackbench            netperf-rr        netperf-stream     netperf-maerts     memcached
      -----------------------------------------------------------------------------------------------------------------
                                         s        transactions/s            10^6 bit/s         10^6 bit/s  operations/s
      l0-baseline  0.1030 ± 0.0090           8141 ± 134           941.31 ± 0.35           738 ± 11          38208 ± 629
      l1-baseline   1.001 ±  0.049  (9.7x)   2316 ±  69  (3.5x)      406 ±   18 (2.3x)  380.1      (1.9x)
      l2-baseline    8.09 ±   0.49 (78.6x)  201.3       (40.4x)!                failed
      l3-baseline                   failed                failed                failed             failed        failed
      ±: within one boot; 2.3x: overhead against l0-baseline by the best of the runs' averages, 1.0 is native and more is
        worse; !: fewer samples than planned
      l2-baseline: netperf-rr: NESTBENCH_UNPARSABLE_OUTPUT (benchmark, on client): netperf-rr gave no number: throughput is
        "", which is not a number
      l2-baseline: netperf-stream: NESTBENCH_DEADLINE (benchmark, on client): netperf-stream gave nothing within 40 s, ten
        times what it should take
      l3-baseline: NESTBENCH_GUEST_HUNG (infrastructure, on l3): L3 said nothing on its console for 60 s.
      skipped: l2-dvh, l3-dvh: it needs direct virtual hardware, and the kernel of bookworm is built without"
    `);
  });

  test('the whole matrix fits a log of 120 columns, with a line per cell', () => {
    using journal = wholeJournal();
    const lines = text(journal).split('\n');
    expect(lines.filter((line) => /^l\d-/.test(line))).toHaveLength(CELLS.length);
    expect(lines.length).toBeLessThanOrEqual(CELLS.length + 7);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  test('a narrower one splits it, without losing anything', () => {
    using journal = wholeJournal();
    const lines = text(journal, 60).split('\n');
    expect(lines.filter((line) => line.length > 60)).toEqual([]);
    expect(lines.filter((line) => line.startsWith('l3-dvh-vp')).length).toBeGreaterThan(1);
    const shown = text(journal).match(/\d\.\dx/g) ?? [];
    expect([...(text(journal, 60).match(/\d\.\dx/g) ?? [])].toSorted()).toEqual([...shown].toSorted());
  });

  test('with enough room, means have their intervals', () => {
    using journal = new TestJournal()
      .start()
      .samples('l0-baseline', 'hackbench', [0.1, 0.11, 0.12])
      .samples('l1-baseline', 'hackbench', [1, 1.1, 1.2]);
    expect(text(journal)).toContain('l1-baseline   1.10 ±  0.25 (10.0x)');
    expect(text(journal)).toContain('±: within one boot;');
  });

  test('colours do not change the text', () => {
    using journal = realisticJournal();
    const summary = summaryOf(journal.results);
    const coloured = summaryText(summary, { columns: 120, colours: true });
    expect(coloured).not.toBe(summaryText(summary, PLAIN));
    expect(stripVTControlCharacters(coloured).replaceAll(/ +$/gm, '')).toBe(summaryText(summary, PLAIN));
  });

  test('if nothing was measured, the reasons are printed', () => {
    using journal = new TestJournal().start().skip('l2-dvh', 'hackbench', 'dvh needs a kernel of its own');
    expect(text(journal)).toContain(
      'Nothing was measured.\nskipped: l2-dvh: hackbench: dvh needs a kernel of its own',
    );
  });

  test('many failures are counted, and the first ones printed', () => {
    using journal = new TestJournal().start();
    for (const { name } of CELLS) journal.fail(name, null, { message: `${name} hung.` });
    expect(text(journal)).toMatch(new RegExp(`l0-baseline: .*hung\\.\n(.*\n)+and ${CELLS.length - 3} more`));
  });
});

describe('as Markdown', () => {
  test('it is a table with the same content', () => {
    using journal = realisticJournal();
    const [head, units, ...rows] = tableOf(journal);
    const summary = summaryOf(journal.results);
    expect(head?.slice(1)).toEqual(summary.benchmarks.map(({ name }) => name));
    expect(units?.slice(1)).toEqual(summary.benchmarks.map(({ unit }) => unit));
    expect(rows.map(([cell]) => cell)).toEqual(summary.rows.map(({ cell }) => cell));
    expect(rows.find(([cell]) => cell === 'l2-baseline')?.slice(1)).toEqual([
      '78.6x',
      '40.4x!',
      'failed',
      '',
      '',
    ]);
  });

  test('names are not interpreted as Markdown', () => {
    using journal = new TestJournal()
      .start({ experiment: 'a_b*c|d<e>' })
      .samples('l0-baseline', '_x_y_', [1, 2, 3])
      .fail('l1-baseline', null, { message: '# not a *heading* | <b>' });
    expect(tableOf(journal)[0]).toHaveLength(2);
    const page = markdownOf(summaryOf(journal.results));
    const tokens = marked.lexer(page);
    expect(tokens.filter(({ type }) => type === 'heading')).toHaveLength(1);
    expect(marked.parse(page)).not.toContain('<b>');
    expect(marked.parse(page)).toContain('a_b*c|d&lt;e&gt;');
    expect(marked.parse(page)).toContain('_x_y_');
  });

  test('without measurements it is not a table', () => {
    using journal = new TestJournal().start();
    expect(tableOf(journal)).toEqual([]);
    expect(markdownOf(summaryOf(journal.results))).toContain('Nothing was measured.');
  });
});
