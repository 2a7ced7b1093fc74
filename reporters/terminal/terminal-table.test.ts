import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CELLS } from '../../fixtures/matrix.ts';
import { realisticJournal, wholeJournal } from '../model/experiment.testing.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { terminalTable } from './terminal-table.ts';

const PLAIN = { columns: 120, colours: false };

test('a realistic experiment at 120 columns', () => {
  using journal = realisticJournal();
  expect(terminalTable(journal.results, PLAIN)).toMatchInlineSnapshot(`
    "experiment  2026-11-23-0040
    testbed     emulated server (QEMU TCG): shows how levels compare, not how fast hardware is
    host        AMD EPYC 7B13, 2 CPUs, 8.0 GiB, Linux 6.1.0-40-amd64
    profile     quick, 1 run (at most 3 iterations of seconds each, sized for emulation)
                hackbench: 3 iterations, groups 2, loops 400
                netperf-rr, netperf-stream, netperf-maerts: 3 iterations, seconds 2
                memcached: 3 iterations, seconds 2, threads 2, connections per thread 8, loaded by memaslap
    commit      cb90e4d1c0ff

                                        l0-baseline           l1-baseline            l2-baseline  l3-baseline
    ---------------------------------------------------------------------------------------------------------
    hackbench       s               0.1030 ± 0.0090  1.001 ± 0.049 (9.7x)   8.09 ± 0.49 (78.6x)        failed
    netperf-rr      transactions/s    8141 ±    134   2316 ±    69 (3.5x)  201.3        (40.4x)!       failed
    netperf-stream  10^6 bit/s      941.31 ±   0.35    406 ±    18 (2.3x)                 failed       failed
    netperf-maerts  10^6 bit/s         738 ±     11  380.1         (1.9x)                not run       failed
    memcached       operations/s     38208 ±    629               not run                not run       failed

      a ± b: mean and half-width within one boot and run (Student's t over iterations); other boots may differ by more
      a alone: one sample, so no interval
      (2.3x): overhead against l0-baseline, by the best of the runs' averages; 1.0 is native, more is worse
      !: fewer samples than planned

    Failed
      l2-baseline: netperf-rr
        NESTBENCH_UNPARSABLE_OUTPUT (benchmark, on client): netperf-rr gave no number: throughput is "", which is not a
        number
      l2-baseline: netperf-stream
        NESTBENCH_DEADLINE (benchmark, on client): netperf-stream gave nothing within 40 s, ten times what it should take
      l3-baseline
        NESTBENCH_GUEST_HUNG (infrastructure, on l3): L3 said nothing on its console for 60 s.

    Skipped
      l2-dvh, l3-dvh
        it needs direct virtual hardware, and the kernel of bookworm is built without"
  `);
});

test('a whole experiment at 80 columns, in blocks of cells', () => {
  using journal = wholeJournal();
  expect(terminalTable(journal.results, { ...PLAIN, columns: 80 })).toMatchInlineSnapshot(`
    "experiment  asplos-hardware
    testbed     physical machines
    host        AMD EPYC 7B13, 2 CPUs, 8.0 GiB, Linux 6.1.0-40-amd64
    profile     paper, 3 runs (the artifact's own iterations, durations and sizes)
                hackbench: 3 iterations, groups 2, loops 400
                mysql: 3 iterations, threads 4, events 20, rows 1000, data in the
                level's memory
                netperf-rr, netperf-stream, netperf-maerts: 3 iterations, seconds 2
                apache: 3 iterations, seconds 2, requests 100000, concurrency 10,
                page bytes 41984
                memcached: 3 iterations, seconds 2, threads 2, connections per
                thread 8, loaded by memaslap
    commit      cb90e4d1c0ff, with uncommitted changes

                                       l0-baseline          l1-baseline
    -------------------------------------------------------------------
    hackbench       s                12.55 ±  0.12  16.44 ± 0.16 (1.3x)
    mysql           s                9.910 ± 0.099  16.06 ± 0.16 (1.6x)
    netperf-rr      transactions/s   20310 ±   200  10523 ±  103 (1.9x)
    netperf-stream  10^6 bit/s        9520 ±    94   4250 ±   42 (2.2x)
    netperf-maerts  10^6 bit/s        9518 ±    94   3732 ±   37 (2.6x)
    apache          requests/s       16012 ±   157   5599 ±   55 (2.9x)
    memcached       operations/s    214747 ±  2110  67744 ±  666 (3.2x)

                                         l1-passthrough          l2-baseline
    ------------------------------------------------------------------------
    hackbench       s               20.33 ± 0.20 (1.6x)  24.22 ± 0.24 (1.9x)
    mysql           s               22.20 ± 0.22 (2.2x)  28.34 ± 0.28 (2.9x)
    netperf-rr      transactions/s   7101 ±   70 (2.9x)   5359 ±   53 (3.8x)
    netperf-stream  10^6 bit/s       2736 ±   27 (3.5x)   2017 ±   20 (4.7x)
    netperf-maerts  10^6 bit/s       2321 ±   23 (4.1x)   1685 ±   17 (5.6x)
    apache          requests/s       3392 ±   33 (4.7x)   2433 ±   24 (6.6x)
    memcached       operations/s    40215 ±  395 (5.3x)  28595 ±  281 (7.5x)

                                         l2-passthrough             l2-dvh-vp
    -------------------------------------------------------------------------
    hackbench       s               28.11 ± 0.28 (2.2x)  32.00 ± 0.31  (2.6x)
    mysql           s               34.49 ± 0.34 (3.5x)  40.64 ± 0.40  (4.1x)
    netperf-rr      transactions/s   4303 ±   42 (4.7x)   3595 ±   35  (5.6x)
    netperf-stream  10^6 bit/s       1597 ±   16 (6.0x)   1322 ±   13  (7.2x)
    netperf-maerts  10^6 bit/s       1322 ±   13 (7.2x)   1088 ±   11  (8.8x)
    apache          requests/s       1897 ±   19 (8.4x)   1555 ±   15 (10.3x)
    memcached       operations/s    22185 ±  218 (9.7x)  18122 ±  178 (11.9x)

                                                  l2-dvh            l2-vp-idle
    --------------------------------------------------------------------------
    hackbench       s               35.89 ± 0.36  (2.9x)  39.78 ± 0.39  (3.2x)
    mysql           s               46.78 ± 0.46  (4.7x)  52.92 ± 0.52  (5.3x)
    netperf-rr      transactions/s   3087 ±   30  (6.6x)   2704 ±   27  (7.5x)
    netperf-stream  10^6 bit/s       1128 ±   11  (8.4x)  983.5 ±  9.7  (9.7x)
    netperf-maerts  10^6 bit/s      924.1 ±  9.1 (10.3x)  803.2 ±  7.9 (11.9x)
    apache          requests/s       1317 ±   13 (12.2x)   1142 ±   11 (14.0x)
    memcached       operations/s    15317 ±  150 (14.0x)  13264 ±  130 (16.2x)

                                              l3-baseline        l3-passthrough
    ---------------------------------------------------------------------------
    hackbench       s                43.68 ± 0.43  (3.5x)  47.57 ± 0.47  (3.8x)
    mysql           s                59.07 ± 0.58  (6.0x)  65.21 ± 0.64  (6.6x)
    netperf-rr      transactions/s    2406 ±   24  (8.4x)   2168 ±   21  (9.4x)
    netperf-stream  10^6 bit/s       871.8 ±  8.6 (10.9x)  782.9 ±  7.7 (12.2x)
    netperf-maerts  10^6 bit/s       710.3 ±  7.0 (13.4x)  636.6 ±  6.3 (14.9x)
    apache          requests/s      1008.3 ±  9.9 (15.9x)  902.6 ±  8.9 (17.7x)
    memcached       operations/s     11696 ±  115 (18.4x)  10460 ±  103 (20.5x)

                                               l3-dvh-vp                l3-dvh
    --------------------------------------------------------------------------
    hackbench       s               51.46 ± 0.51  (4.1x)  55.35 ± 0.54  (4.4x)
    mysql           s               71.36 ± 0.70  (7.2x)  77.50 ± 0.76  (7.8x)
    netperf-rr      transactions/s   1972 ±   19 (10.3x)   1809 ±   18 (11.2x)
    netperf-stream  10^6 bit/s      710.5 ±  7.0 (13.4x)  650.3 ±  6.4 (14.6x)
    netperf-maerts  10^6 bit/s      576.8 ±  5.7 (16.5x)  527.3 ±  5.2 (18.1x)
    apache          requests/s      816.9 ±  8.0 (19.6x)  746.1 ±  7.3 (21.5x)
    memcached       operations/s     9460 ±   93 (22.7x)   8635 ±   85 (24.9x)

                                              l3-vp-idle
    ----------------------------------------------------
    hackbench       s               59.24 ± 0.58  (4.7x)
    mysql           s               83.65 ± 0.82  (8.4x)
    netperf-rr      transactions/s   1670 ±   16 (12.2x)
    netperf-stream  10^6 bit/s      599.5 ±  5.9 (15.9x)
    netperf-maerts  10^6 bit/s      485.6 ±  4.8 (19.6x)
    apache          requests/s      686.6 ±  6.7 (23.3x)
    memcached       operations/s     7942 ±   78 (27.0x)

      a ± b: mean and half-width within one boot (Student's t over its runs); other
        boots may differ by more
      (2.3x): overhead against l0-baseline, by the best of the runs' averages; 1.0
        is native, more is worse"
  `);
});

describe.each([80, 100, 120, 160, 200])('at %i columns', (columns) => {
  test.each([realisticJournal, wholeJournal])('no line is wider, and no number is lost (%o)', (make) => {
    using journal = make();
    const table = terminalTable(journal.results, { columns, colours: false });
    const lines = table.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    const wide = terminalTable(journal.results, { columns: 1000, colours: false });
    expect(table.match(/ ± /g)).toHaveLength(wide.match(/ ± /g)?.length ?? NaN);
  });
});

test('at any width there is at least one cell in a block', () => {
  using journal = realisticJournal();
  const table = terminalTable(journal.results, { columns: 20, colours: false });
  expect(table.match(/^netperf-rr +transactions/gm)).toHaveLength(4);
});

test('the table itself only has ASCII and ±', () => {
  using journal = wholeJournal();
  expect(terminalTable(journal.results, PLAIN).replaceAll('±', '')).toMatch(/^\p{ASCII}*$/u);
});

test('colours are only used on request, and do not change the text', () => {
  using journal = realisticJournal();
  const plain = terminalTable(journal.results, PLAIN);
  const coloured = terminalTable(journal.results, { ...PLAIN, colours: true });
  expect(plain).toBe(stripVTControlCharacters(plain));
  expect(coloured).toContain('\u001b[31m');
  const text = stripVTControlCharacters(coloured);
  expect(text.split('\n').map((line) => line.trimEnd())).toEqual(plain.split('\n'));
});

/** The explanation of `a ± b` below the numbers. */
function legendOf(journal: TestJournal): string[] {
  const table = terminalTable(journal.results, { ...PLAIN, columns: 300 });
  return table.split('\n').filter((line) => line.startsWith('  a ± b'));
}

describe('what an interval is over', () => {
  test('with several boots, their mean is shown and the interval is over boots', () => {
    using journal = new TestJournal().start();
    journal
      .boot('l0-baseline')
      .samples('l0-baseline', 'hackbench', [1, 1, 1], 1)
      .boot('l0-baseline')
      .samples('l0-baseline', 'hackbench', [2], 2);
    expect(legendOf(journal)).toEqual([
      "  a ± b: mean of the boots' means, and half-width of its 95 % confidence interval (Student's t over boots, assumed normal)",
    ]);
    // Half of the difference, times t for one degree of freedom: 12.7062.
    expect(terminalTable(journal.results, PLAIN)).toContain('1.50 ± 6.35');
  });

  test('an interval within one boot is not called one of the benchmark', () => {
    using runs = new TestJournal().start().boot('l0-baseline');
    runs.samples('l0-baseline', 'hackbench', [1, 2], 1).samples('l0-baseline', 'hackbench', [2, 3], 2);
    expect(legendOf(runs)).toEqual([
      "  a ± b: mean and half-width within one boot (Student's t over its runs); other boots may differ by more",
    ]);
    using iterations = new TestJournal().start().boot('l0-baseline');
    iterations.samples('l0-baseline', 'hackbench', [1, 2]);
    expect(legendOf(iterations)[0]).toContain('within one boot');
    expect(terminalTable(iterations.results, PLAIN)).not.toContain('95 %');
  });

  test('cells with different kinds of interval are named', () => {
    using journal = new TestJournal().start();
    journal
      .samples('l0-baseline', 'hackbench', [1, 2])
      .samples('l0-baseline', 'mysql', [1, 2])
      .boot('l1-baseline')
      .samples('l1-baseline', 'hackbench', [1], 1)
      .samples('l1-baseline', 'mysql', [1, 2], 1)
      .boot('l1-baseline')
      .samples('l1-baseline', 'hackbench', [2], 2);
    expect(legendOf(journal)).toEqual([
      expect.stringMatching(/^ {2}a ± b \(l0-baseline, l1-baseline mysql\): .* within one boot/),
      expect.stringMatching(/^ {2}a ± b \(l1-baseline hackbench\): mean of the boots' means/),
    ]);
  });
});

test('an overhead between different numbers of runs is marked', () => {
  using journal = new TestJournal().start();
  journal
    .samples('l0-baseline', 'hackbench', [1, 1, 1], 1)
    .samples('l0-baseline', 'hackbench', [1, 1, 1], 2)
    .samples('l1-baseline', 'hackbench', [2, 2, 2], 1);
  const uneven = terminalTable(journal.results, PLAIN);
  expect(uneven).toContain('(2.0x#)');
  expect(uneven).toContain('#: the two sides are the best of different numbers of runs');
  journal.samples('l1-baseline', 'hackbench', [2, 2, 2], 2);
  expect(terminalTable(journal.results, PLAIN)).not.toContain('#');
});

test('without L0 there are no overheads, and the table says so', () => {
  using journal = new TestJournal();
  journal.start().samples('l2-baseline', 'hackbench', [7.9, 8.1]);
  const table = terminalTable(journal.results, PLAIN);
  expect(table).toContain(
    'l0-baseline was not measured; to measure it: EXPERIMENT=2026-11-23-0040 npx vitest run suites/l0',
  );
  expect(table).not.toMatch(/\(\d.*x\)/);
});

test('if nothing was measured, only the reasons are printed', () => {
  using journal = new TestJournal();
  journal.start().fail('l1-baseline', null, { message: 'L1 said nothing for 60 s.' });
  journal.skip('l2-dvh', 'hackbench', 'dvh needs a KVM with the DVH mechanisms');
  const table = terminalTable(journal.results, PLAIN);
  expect(table.slice(table.indexOf('Nothing'))).toMatchInlineSnapshot(`
    "Nothing was measured.

    Failed
      l1-baseline
        NESTBENCH_GUEST_HUNG (infrastructure): L1 said nothing for 60 s.

    Skipped
      l2-dvh: hackbench
        dvh needs a KVM with the DVH mechanisms"
  `);
});

test('a reason that many share is printed once', () => {
  using journal = new TestJournal();
  journal.start();
  for (const cell of ['l1-baseline', 'l2-baseline', 'l3-baseline'])
    journal.fail(cell, null, { message: 'no space' });
  const table = terminalTable(journal.results, PLAIN);
  expect(table.match(/no space/g)).toHaveLength(1);
  expect(table).toContain('  l1-baseline, l2-baseline, l3-baseline\n');
});

test('a benchmark skipped in every cell is reported as that', () => {
  using journal = new TestJournal();
  journal.start();
  for (const { name } of CELLS) journal.skip(name, 'fio', 'fio is not built yet: it needs a disk');
  expect(terminalTable(journal.results, PLAIN)).toContain(
    '  every cell: fio\n    fio is not built yet: it needs a disk',
  );
});

describe('the heading', () => {
  test('starts that differ are all listed', () => {
    using journal = new TestJournal();
    journal.start().start({ commit: null, versions: { nestbench: '0.1.0' }, modified: true });
    journal.start({
      testbed: { kind: 'physical', accelerator: 'none', settings: {} },
      profile: 'paper',
      runs: 3,
    });
    const table = terminalTable(journal.results, PLAIN);
    expect(table.slice(0, table.indexOf('\n\n'))).toMatchInlineSnapshot(`
      "experiment  2026-11-23-0040
      testbed     emulated server (QEMU TCG): shows how levels compare, not how fast hardware is
                  physical machines
      host        AMD EPYC 7B13, 2 CPUs, 8.0 GiB, Linux 6.1.0-40-amd64
      profile     quick, 1 run (at most 3 iterations of seconds each, sized for emulation)
                  paper, 3 runs (the artifact's own iterations, durations and sizes)
      commit      cb90e4d1c0ff
                  none (nestbench 0.1.0), with uncommitted changes"
    `);
  });

  test('a journal that lost its start still has a table', () => {
    using journal = new TestJournal();
    journal.samples('l1-baseline', 'hackbench', [1]);
    expect(terminalTable(journal.results, PLAIN)).toMatch(/^experiment {2}unknown/);
  });

  test('an emulated server under KVM is not called emulation', () => {
    using journal = new TestJournal();
    journal.start({ testbed: { kind: 'emulated', accelerator: 'kvm', settings: {} } });
    expect(terminalTable(journal.results, PLAIN)).toContain('virtual server (QEMU KVM)');
  });
});
