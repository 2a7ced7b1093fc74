/** scripts/results.ts as a user runs it: in its own process, with its output and exit code. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { realisticJournal } from '../reporters/model/experiment.testing.ts';
import { TestJournal } from '../reporters/model/journal.testing.ts';

const SCRIPT = path.join(import.meta.dirname, 'results.ts');

function results(from: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: from, RESULTS: path.join(import.meta.dirname, 'no-results') },
  });
  return { status, stdout, stderr };
}

test('prints the samples and regenerates the files', () => {
  using journal = realisticJournal();
  const { status, stdout, stderr } = results(journal.directory, '.', 'netperf-rr');
  expect(stdout).toMatchInlineSnapshot(`
    "== l0-baseline ==
    netperf-rr
    ----------netperf-rr----------
    8123.41
    8098.02
    8201.77
    ------------------------------------------------------------

    == l1-baseline ==
    netperf-rr
    ----------netperf-rr----------
    2311.08
    2290.5
    2345.12
    ------------------------------------------------------------

    == l2-baseline ==
    netperf-rr
    ----------netperf-rr----------
    201.3
    ------------------------------------------------------------

    "
  `);
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'Wrote 29 files under ..\n' });
  expect(readFileSync(path.join(journal.directory, 'table-4.csv'), 'utf8')).toContain(
    'hackbench,L1,baseline,',
  );
});

test('damaged lines are reported by number, and the rest is kept', () => {
  using journal = new TestJournal();
  journal.start().samples('l1-baseline', 'hackbench', [1.25]);
  appendFileSync(journal.journal.file, '{"type":"sample","value":-1}\n{"type":"sam');
  const { status, stdout, stderr } = results('/', journal.directory);
  expect(status).toBe(0);
  expect(stdout).toBe(`hackbench\n----------hackbench----------\n1.25\n${'-'.repeat(60)}\n\n`);
  expect(stderr).toMatch(/^Warning: line 4 of the journal of \S+ is left out: .*value/m);
  expect(stderr).toMatch(/^Warning: line 5 of the journal of \S+ is left out: not JSON/m);
});

describe('one sentence and exit code 2 for', () => {
  test('an unknown benchmark, before any file is written', () => {
    using journal = realisticJournal();
    const { status, stdout, stderr } = results('/', journal.directory, 'mysql');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(
      `${journal.directory} has no samples of a benchmark "mysql". ` +
        'It has hackbench, netperf-rr, netperf-stream, netperf-maerts, memcached.\n',
    );
    expect(existsSync(path.join(journal.directory, 'summary.csv'))).toBe(false);
  });

  test.each([['nosuch-experiment'], [], ['one', 'two', 'three'], ['--nosuch'], ['']])(
    'arguments %j',
    (...args) => {
      const { status, stdout, stderr } = results('/', ...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).not.toMatch(/^ +at /m);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    },
  );
});

test('--help prints the usage', () => {
  expect(results('/', '--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('EXPERIMENT [BENCHMARK]'),
  });
});

function report(...args: string[]) {
  const script = path.join(import.meta.dirname, 'report.ts');
  const env = { ...process.env, INIT_CWD: '/', RESULTS: path.join(import.meta.dirname, 'no-results') };
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env });
}

describe('npm run report', () => {
  test('regenerates only the page, and prints its path', () => {
    using journal = realisticJournal();
    const { status, stdout } = report(journal.directory);
    const file = path.join(journal.directory, 'report.html');
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${file}\n` });
    expect(readFileSync(file, 'utf8')).toMatch(
      /^<!doctype html>[^]*<h1>\s*2026-11-23-0040\s*<\/h1>[^]*<\/html>\s*$/,
    );
    expect(existsSync(path.join(journal.directory, 'summary.csv'))).toBe(false);
  });

  test.each([[[]], [['one', 'two']], [['no-such-experiment']], [['--wrong']]])(
    '%j is reported, with exit code 2',
    (args) => {
      const { status, stdout, stderr } = report(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^(Name one experiment|There is no experiment|Unknown option)[^\n]*\n$/);
    },
  );
});
