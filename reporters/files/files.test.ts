import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bootedJournal, realisticJournal } from '../model/experiment.testing.ts';
import { TestJournal } from '../model/journal.testing.ts';
import { writeFiles } from '../exporters.ts';

/** The file's lines that contain one of `words`, below its heading. The whole file is too long to read. */
function excerpt(directory: string, file: string, ...words: string[]): string {
  const [heading, ...lines] = readFileSync(path.join(directory, file), 'utf8').split('\n');
  return [heading, ...lines.filter((line) => words.some((word) => line.includes(word)))].join('\n');
}

function linesOf(directory: string, file: string): number {
  return readFileSync(path.join(directory, file), 'utf8').trimEnd().split('\n').length;
}

describe('a realistic experiment', () => {
  test('leaves these files', () => {
    using journal = realisticJournal();
    expect(writeFiles(journal.results, journal.directory)).toMatchInlineSnapshot(`
      [
        "l0-baseline/hackbench.csv",
        "l0-baseline/netperf-rr.csv",
        "l0-baseline/netperf-stream.csv",
        "l0-baseline/netperf-maerts.csv",
        "l0-baseline/memcached.csv",
        "l1-baseline/hackbench.csv",
        "l1-baseline/netperf-rr.csv",
        "l1-baseline/netperf-stream.csv",
        "l1-baseline/netperf-maerts.csv",
        "l2-baseline/hackbench.csv",
        "l2-baseline/netperf-rr.csv",
        "summary.csv",
        "figure-5.csv",
        "figure-6.csv",
        "figure-additional.csv",
        "table-4.csv",
        "exits.csv",
        "fairness.csv",
        "phases.csv",
        "summary.md",
        "tables.txt",
        "exchange/bencher.json",
        "exchange/github-action-benchmark-smaller.json",
        "exchange/github-action-benchmark-bigger.json",
        "exchange/google-benchmark.json",
        "exchange/openmetrics.txt",
        "exchange/otava.csv",
        "exchange/otava.yaml",
        "report.html",
      ]
    `);
  });

  test('samples have one row per iteration and one column per run, without a heading', () => {
    using journal = realisticJournal();
    writeFiles(journal.results, journal.directory);
    expect(readFileSync(path.join(journal.directory, 'l0-baseline/netperf-rr.csv'), 'utf8')).toBe(
      '8123.41\n8098.02\n8201.77\n',
    );
  });

  test('summary.csv', () => {
    using journal = realisticJournal();
    writeFiles(journal.results, journal.directory);
    expect(excerpt(journal.directory, 'summary.csv', 'netperf-rr', 'L3,baseline')).toMatchInlineSnapshot(`
      "level,configuration,benchmark,unit,better,loader,storage,run,n,mean,standard_deviation,half_width_95,half_width_within_one_boot,interval_of,min,max,outcome,code,reason
      L0,baseline,netperf-rr,transactions/s,higher,,,1,3,8141.066666666667,54.08173474781811,,134.3464768039332,iterations within one boot,8098.02,8201.77,measured,,
      L0,baseline,netperf-rr,transactions/s,higher,,,best,3,8141.066666666667,54.08173474781811,,134.3464768039332,iterations within one boot,8098.02,8201.77,measured,,
      L0,baseline,netperf-rr,transactions/s,higher,,,all,3,8141.066666666667,54.08173474781811,,134.3464768039329,iterations within one boot,8098.02,8201.77,measured,,
      L1,baseline,netperf-rr,transactions/s,higher,,,1,3,2315.5666666666666,27.585027339724178,,68.52500669427272,iterations within one boot,2290.5,2345.12,measured,,
      L1,baseline,netperf-rr,transactions/s,higher,,,best,3,2315.5666666666666,27.585027339724178,,68.52500669427272,iterations within one boot,2290.5,2345.12,measured,,
      L1,baseline,netperf-rr,transactions/s,higher,,,all,3,2315.5666666666666,27.585027339724178,,68.52500669427272,iterations within one boot,2290.5,2345.12,measured,,
      L1,passthrough,netperf-rr,transactions/s,higher,,,,,,,,,,,,missing,,not run
      L2,baseline,netperf-rr,transactions/s,higher,,,1,1,201.3,,,,,201.3,201.3,measured,,
      L2,baseline,netperf-rr,transactions/s,higher,,,best,1,201.3,,,,,201.3,201.3,measured,,
      L2,baseline,netperf-rr,transactions/s,higher,,,all,1,201.3,,,,,201.3,201.3,measured,,
      L2,baseline,netperf-rr,transactions/s,higher,,,1,,,,,,,,,failed,NESTBENCH_UNPARSABLE_OUTPUT,"netperf-rr gave no number: throughput is """", which is not a number"
      L2,passthrough,netperf-rr,transactions/s,higher,,,,,,,,,,,,missing,,not run
      L2,dvh-vp,netperf-rr,transactions/s,higher,,,,,,,,,,,,missing,,not run
      L2,dvh,netperf-rr,transactions/s,higher,,,,,,,,,,,,skipped,,"it needs direct virtual hardware, and the kernel of bookworm is built without"
      L2,vp-idle,netperf-rr,transactions/s,higher,,,,,,,,,,,,missing,,not run
      L3,baseline,,,,,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,baseline,hackbench,s,lower,,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,baseline,mysql,s,lower,,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,baseline,netperf-rr,transactions/s,higher,,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,baseline,netperf-stream,10^6 bit/s,higher,,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,baseline,netperf-maerts,10^6 bit/s,higher,,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,baseline,apache,requests/s,higher,,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,baseline,memcached,operations/s,higher,memaslap,,,,,,,,,,,failed,NESTBENCH_GUEST_HUNG,L3 said nothing on its console for 60 s.
      L3,passthrough,netperf-rr,transactions/s,higher,,,,,,,,,,,,missing,,not run
      L3,dvh-vp,netperf-rr,transactions/s,higher,,,,,,,,,,,,missing,,not run
      L3,dvh,netperf-rr,transactions/s,higher,,,,,,,,,,,,skipped,,"it needs direct virtual hardware, and the kernel of bookworm is built without"
      L3,vp-idle,netperf-rr,transactions/s,higher,,,,,,,,,,,,missing,,not run"
    `);
  });

  test('figures 5 and 6 are the overheads of L1 and L2, and of L3', () => {
    using journal = realisticJournal();
    writeFiles(journal.results, journal.directory);
    expect(excerpt(journal.directory, 'figure-5.csv', 'hackbench', 'netperf-rr')).toMatchInlineSnapshot(`
      "benchmark,level,configuration,overhead,ratio_of_means,low_95,high_95,interval_of,loader,storage,reason
      hackbench,L1,baseline,9.72168284789644,,,,,,,
      hackbench,L1,passthrough,,,,,,,,not run
      hackbench,L2,baseline,78.55339805825243,,,,,,,
      hackbench,L2,passthrough,,,,,,,,not run
      hackbench,L2,dvh-vp,,,,,,,,not run
      hackbench,L2,dvh,,,,,,,,"skipped: it needs direct virtual hardware, and the kernel of bookworm is built without"
      netperf-rr,L1,baseline,3.515798868527502,,,,,,,
      netperf-rr,L1,passthrough,,,,,,,,not run
      netperf-rr,L2,baseline,40.442457360490145,,,,,,,"measured in part: NESTBENCH_UNPARSABLE_OUTPUT: netperf-rr gave no number: throughput is """", which is not a number"
      netperf-rr,L2,passthrough,,,,,,,,not run
      netperf-rr,L2,dvh-vp,,,,,,,,not run
      netperf-rr,L2,dvh,,,,,,,,"skipped: it needs direct virtual hardware, and the kernel of bookworm is built without""
    `);
    expect(excerpt(journal.directory, 'figure-6.csv', 'hackbench')).toMatchInlineSnapshot(`
      "benchmark,level,configuration,overhead,ratio_of_means,low_95,high_95,interval_of,loader,storage,reason
      hackbench,L3,baseline,,,,,,,,NESTBENCH_GUEST_HUNG: L3 said nothing on its console for 60 s.
      hackbench,L3,passthrough,,,,,,,,not run
      hackbench,L3,dvh-vp,,,,,,,,not run
      hackbench,L3,dvh,,,,,,,,"skipped: it needs direct virtual hardware, and the kernel of bookworm is built without""
    `);
    expect(linesOf(journal.directory, 'figure-5.csv')).toBe(1 + 7 * 6);
    expect(linesOf(journal.directory, 'figure-6.csv')).toBe(1 + 7 * 4);
  });

  test('table-4.csv has every cell', () => {
    using journal = realisticJournal();
    writeFiles(journal.results, journal.directory);
    expect(excerpt(journal.directory, 'table-4.csv', 'netperf-stream')).toMatchInlineSnapshot(`
      "benchmark,level,configuration,best,unit,better,loader,storage,reason
      netperf-stream,L0,baseline,941.3133333333333,10^6 bit/s,higher,,,
      netperf-stream,L1,baseline,405.67999999999995,10^6 bit/s,higher,,,
      netperf-stream,L1,passthrough,,10^6 bit/s,higher,,,not run
      netperf-stream,L2,baseline,,10^6 bit/s,higher,,,"NESTBENCH_DEADLINE: netperf-stream gave nothing within 40 s, ten times what it should take"
      netperf-stream,L2,passthrough,,10^6 bit/s,higher,,,not run
      netperf-stream,L2,dvh-vp,,10^6 bit/s,higher,,,not run
      netperf-stream,L2,dvh,,10^6 bit/s,higher,,,"skipped: it needs direct virtual hardware, and the kernel of bookworm is built without"
      netperf-stream,L3,baseline,,10^6 bit/s,higher,,,NESTBENCH_GUEST_HUNG: L3 said nothing on its console for 60 s.
      netperf-stream,L3,passthrough,,10^6 bit/s,higher,,,not run
      netperf-stream,L3,dvh-vp,,10^6 bit/s,higher,,,not run
      netperf-stream,L3,dvh,,10^6 bit/s,higher,,,"skipped: it needs direct virtual hardware, and the kernel of bookworm is built without""
    `);
    expect(linesOf(journal.directory, 'table-4.csv')).toBe(1 + 7 * 11);
  });
});

test('with two boots on each side there are intervals, and the files say what they are over', () => {
  using journal = bootedJournal();
  writeFiles(journal.results, journal.directory);
  expect(excerpt(journal.directory, 'figure-5.csv', 'hackbench,L1,baseline')).toMatchInlineSnapshot(`
    "benchmark,level,configuration,overhead,ratio_of_means,low_95,high_95,interval_of,loader,storage,reason
    hackbench,L1,baseline,1.3101333333333331,1.3100486941124392,1.291908660368331,1.3284434369039684,ratio of means over boots,,,"
  `);
  expect(excerpt(journal.directory, 'summary.csv', 'L1,baseline,hackbench')).toMatchInlineSnapshot(`
    "level,configuration,benchmark,unit,better,loader,storage,run,n,mean,standard_deviation,half_width_95,half_width_within_one_boot,interval_of,min,max,outcome,code,reason
    L1,baseline,hackbench,s,lower,,,1,3,16.376666666666665,0.407962416569631,,1.013434823977418,iterations within one boot,16,16.81,measured,,
    L1,baseline,hackbench,s,lower,,,2,3,16.44,0.4073082370883258,,1.0118097520576546,iterations within one boot,16.06,16.87,measured,,
    L1,baseline,hackbench,s,lower,,,3,3,16.506666666666668,0.40796241656963195,,1.0134348239774205,iterations within one boot,16.13,16.94,measured,,
    L1,baseline,hackbench,s,lower,,,best,3,16.376666666666665,0.407962416569631,,1.013434823977418,iterations within one boot,16,16.81,measured,,
    L1,baseline,hackbench,s,lower,,,all,9,16.44111111111111,0.3575767205944914,0.16148664358303258,,boots,16,16.94,measured,,"
  `);
});

test('runs of different length are all kept, with empty fields, as are failed iterations', () => {
  using journal = new TestJournal();
  journal
    .samples('l1-baseline', 'hackbench', [1.5, undefined, 3], 1)
    .samples('l1-baseline', 'hackbench', [4], 2)
    .samples('l1-baseline', 'hackbench', [5, undefined, 6, 7e-7], 12);
  writeFiles(journal.results, journal.directory);
  expect(readFileSync(path.join(journal.directory, 'l1-baseline/hackbench.csv'), 'utf8')).toBe(
    '1.5,4,5\n,,\n3,,6\n,,7e-7\n',
  );
});

test('a figure says so when L0 was not measured', () => {
  using journal = new TestJournal();
  journal.samples('l1-baseline', 'hackbench', [1.5]).fail('l0-baseline', null, { message: 'no, "never"' });
  writeFiles(journal.results, journal.directory);
  expect(excerpt(journal.directory, 'figure-5.csv', 'hackbench,L1,baseline')).toContain(
    'hackbench,L1,baseline,,,,,,,,"l0-baseline: NESTBENCH_GUEST_HUNG: no, ""never"""',
  );
});

test('files are replaced atomically, without temporary files left over', () => {
  using journal = realisticJournal();
  writeFileSync(path.join(journal.directory, 'summary.csv'), 'old');
  const first = writeFiles(journal.results, journal.directory);
  const before = first.map((file) => readFileSync(path.join(journal.directory, file), 'utf8'));
  writeFiles(journal.results, journal.directory);
  expect(first.map((file) => readFileSync(path.join(journal.directory, file), 'utf8'))).toEqual(before);
  const there = readdirSync(journal.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(journal.directory, path.join(entry.parentPath, entry.name)));
  expect(there.toSorted()).toEqual(['journal.ndjson', ...first].toSorted());
});

test('a file that cannot be moved into place leaves no temporary file', () => {
  using journal = realisticJournal();
  mkdirSync(path.join(journal.directory, 'summary.csv', 'in-the-way'), { recursive: true });
  expect(() => writeFiles(journal.results, journal.directory)).toThrow(/summary\.csv/);
  expect(readdirSync(journal.directory).filter((name) => name.endsWith('.part'))).toEqual([]);
});
